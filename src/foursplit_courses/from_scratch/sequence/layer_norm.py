"""Layer normalization, forward and backward: each step's numbers get mean 0 and variance 1.

Source: Ba, Kiros and Hinton (2016), Layer normalization; Ng, DLS C5 W4.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Rows = Float[np.ndarray, "*axes n"]
Units = Float[np.ndarray, " n"]

EPS = 1e-5  # added to the variance, as in PyTorch


class LayerNormGrads(NamedTuple):
    """Gradients of the cost; each has the shape of its variable."""

    x: Rows
    gamma: Units
    beta: Units


def layer_norm(x: Rows, gamma: Units, beta: Units) -> Rows:
    """Standardize the last axis, then scale and shift it."""
    return _standardize(x)[0] * gamma + beta


def layer_norm_backward(d_outputs: Rows, x: Rows, gamma: Units) -> LayerNormGrads:
    """Compute the gradients; mean and deviation depend on every number of a row."""
    normalized, std = _standardize(x)
    d_normalized = d_outputs * gamma
    mean = d_normalized.mean(axis=-1, keepdims=True)
    along = (d_normalized * normalized).mean(axis=-1, keepdims=True)
    others = tuple(range(x.ndim - 1))
    return LayerNormGrads(
        x=(d_normalized - mean - normalized * along) / std,
        gamma=(d_outputs * normalized).sum(axis=others),
        beta=d_outputs.sum(axis=others),
    )


def _standardize(x: Rows) -> tuple[Rows, np.ndarray]:
    centred = x - x.mean(axis=-1, keepdims=True)
    std = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPS)
    return centred / std, std
