"""Batch normalization: forward and backward, and the running statistics for inference.

Axes: `batch` examples, `n` units.

Source: Ioffe and Szegedy (2015), Batch normalization; Ng, DLS C2 W3.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Rows = Float[np.ndarray, "batch n"]
Units = Float[np.ndarray, " n"]

EPS = 1e-5  # added to the variance, as in PyTorch


class BatchNormState(NamedTuple):
    """Scale and shift, which are learnt, and running mean and variance, which are not."""

    gamma: Units
    beta: Units
    running_mean: Units
    running_var: Units


class BatchNormCache(NamedTuple):
    """What the backward pass needs: normalized inputs and the deviations they were divided by."""

    normalized: Rows
    std: Units


class BatchNormGrads(NamedTuple):
    """Gradients of the cost; each has the shape of its variable."""

    x: Rows
    gamma: Units
    beta: Units


def init_state(n: int) -> BatchNormState:
    """Return a layer that standardizes its inputs and does no more."""
    return BatchNormState(np.ones(n), np.zeros(n), np.zeros(n), np.ones(n))


def batch_norm(
    x: Rows, state: BatchNormState, momentum: float = 0.1
) -> tuple[Rows, BatchNormCache, BatchNormState]:
    """Normalize by the batch's own statistics; return outputs, cache and new running statistics.

    The running variance is the unbiased one, as in PyTorch. Raises ValueError for one example,
    which has no variance.
    """
    if len(x) < 2:
        raise ValueError(f"x: {len(x)} example; the variance of a batch needs at least 2")
    mean = x.mean(axis=0)
    normalized = x - mean
    outputs = normalized * normalized
    var = outputs.mean(axis=0)
    std = np.sqrt(var + EPS)
    normalized /= std
    unbiased = var * len(x) / (len(x) - 1)
    updated = state._replace(
        running_mean=(1 - momentum) * state.running_mean + momentum * mean,
        running_var=(1 - momentum) * state.running_var + momentum * unbiased,
    )
    np.multiply(normalized, state.gamma, out=outputs)
    outputs += state.beta
    return outputs, BatchNormCache(normalized, std), updated


def batch_norm_inference(x: Rows, state: BatchNormState) -> Rows:
    """Normalize by the running statistics: an answer does not depend on the rest of its batch."""
    normalized = (x - state.running_mean) / np.sqrt(state.running_var + EPS)
    return np.asarray(state.gamma * normalized + state.beta)


def batch_norm_backward(grad: Rows, cache: BatchNormCache, state: BatchNormState) -> BatchNormGrads:
    """Compute gradients from that of the outputs; mean and variance depend on every example."""
    normalized, std = cache
    scaled = grad * state.gamma
    product = scaled * normalized
    shares = product.mean(axis=0)
    np.multiply(normalized, shares, out=product)
    scaled -= scaled.mean(axis=0)
    scaled -= product
    scaled /= std
    np.multiply(grad, normalized, out=product)
    return BatchNormGrads(x=scaled, gamma=product.sum(axis=0), beta=grad.sum(axis=0))
