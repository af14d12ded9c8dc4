"""The dense layer, forward and backward, and a unit at a time for comparison.

Axes: `batch` examples, `n_in` inputs, `n_out` units. Examples are rows, so that a column of `w` is
one unit.

Source: Ng, MLS C2 W1 (a layer as one matrix product); Goodfellow, Bengio and Courville (2016), Deep
Learning, section 6.5.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Inputs = Float[np.ndarray, "batch n_in"]
Weights = Float[np.ndarray, "n_in n_out"]
Biases = Float[np.ndarray, " n_out"]
Outputs = Float[np.ndarray, "batch n_out"]


class DenseGrads(NamedTuple):
    """Derivatives of the cost, each shaped like what it is taken by."""

    x: Inputs
    w: Weights
    b: Biases


def dense(x: Inputs, w: Weights, b: Biases) -> Outputs:
    """Give every unit's weighted sum for every example in one matrix product."""
    return x @ w + b


def dense_backward(dz: Outputs, x: Inputs, w: Weights) -> DenseGrads:
    """Carry the derivative of the cost by the sums back to inputs, weights and biases.

    Nothing is divided here: where the cost is a mean, `dz` already holds one over the batch.
    """
    return DenseGrads(x=dz @ w.T, w=x.T @ dz, b=dz.sum(axis=0))


def dense_by_unit(x: Inputs, w: Weights, b: Biases) -> Outputs:
    """Give the same sums number by number, as a reader would compute them by hand."""
    z = np.zeros((len(x), w.shape[1]), dtype=np.result_type(x, w))
    for example, row in enumerate(x):
        for unit in range(w.shape[1]):
            total = b[unit]
            for place, value in enumerate(row):
                total = total + value * w[place, unit]
            z[example, unit] = total
    return z
