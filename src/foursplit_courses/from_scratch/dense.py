"""The dense layer, forward and backward, and a loop version for comparison.

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
    """Gradients of the cost; each has the shape of its variable."""

    x: Inputs
    w: Weights
    b: Biases


def dense(x: Inputs, w: Weights, b: Biases) -> Outputs:
    """Compute the weighted sum of every unit and example in one matrix product."""
    return x @ w + b


def dense_backward(dz: Outputs, x: Inputs, w: Weights) -> DenseGrads:
    """Compute the gradients of inputs, weights and biases from `dz`, that of the sums.

    Nothing is divided here: if the cost is a mean, `dz` already contains the factor 1 / batch.
    """
    return DenseGrads(x=dz @ w.T, w=x.T @ dz, b=dz.sum(axis=0))


def dense_by_unit(x: Inputs, w: Weights, b: Biases) -> Outputs:
    """Compute the same sums with explicit loops, as by hand."""
    z = np.zeros((len(x), w.shape[1]), dtype=np.result_type(x, w))
    for example, row in enumerate(x):
        for unit in range(w.shape[1]):
            total = b[unit]
            for column, value in enumerate(row):
                total = total + value * w[column, unit]
            z[example, unit] = total
    return z
