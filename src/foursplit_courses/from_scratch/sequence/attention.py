"""Attention: scaled dot products, masks, several heads, and sinusoidal positions.

Axes: `query` and `key` are steps, `d` the numbers of a query or key. A mask is True where a query
may look at a key.

Source: Vaswani et al. (2017), Attention is all you need; Ng, DLS C5 W4.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from foursplit_courses.from_scratch.sequence.through_time import weight_gradient

Queries = Float[np.ndarray, "*axes query d"]
Keys = Float[np.ndarray, "*axes key d"]
Values = Float[np.ndarray, "*axes key d_value"]
Weights = Float[np.ndarray, "*axes query key"]
Outputs = Float[np.ndarray, "*axes query d_value"]
Mask = Bool[np.ndarray, "..."]
QuerySteps = Float[np.ndarray, "batch query n"]
KeySteps = Float[np.ndarray, "batch key n"]


class AttentionGrads(NamedTuple):
    """Gradients of the cost; each has the shape of its variable."""

    q: Queries
    k: Keys
    v: Values


class HeadWeights(NamedTuple):
    """Matrices (n, n) and biases (n,) of queries, keys, values and outputs, all heads together."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    o: np.ndarray
    b_q: np.ndarray
    b_k: np.ndarray
    b_v: np.ndarray
    b_o: np.ndarray


class MultiHeadTrace(NamedTuple):
    """Outputs, each head's attention, and what the backward pass needs besides."""

    outputs: QuerySteps
    weights: Float[np.ndarray, "batch head query key"]
    q: Float[np.ndarray, "batch head query d"]
    k: Float[np.ndarray, "batch head key d"]
    v: Float[np.ndarray, "batch head key d"]
    joined: QuerySteps  # the heads' outputs side by side


class MultiHeadGrads(NamedTuple):
    """Gradients of the cost; each has the shape of its variable."""

    q: QuerySteps
    k: KeySteps
    v: KeySteps
    weights: HeadWeights


def padding_mask(
    lengths: Int[np.ndarray, " batch"], n_keys: int
) -> Bool[np.ndarray, "batch 1 key"]:
    """Let every query look at the steps before its text's end."""
    mask: np.ndarray = (np.arange(n_keys) < lengths[:, None])[:, None]
    return mask


def look_ahead_mask(n_steps: int) -> Bool[np.ndarray, "step step"]:
    """Let each step look at itself and at the steps before it."""
    mask: np.ndarray = np.tri(n_steps, dtype=bool)
    return mask


def attend(q: Queries, k: Keys, v: Values, mask: Mask | None = None) -> tuple[Outputs, Weights]:
    """Return the weighted means of the values, and the weights.

    A query that may look at nothing has weights of zero.
    """
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])  # (…, query, key)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    highest = scores.max(axis=-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isfinite(highest), highest, 0))
    total = powers.sum(axis=-1, keepdims=True)
    weights = powers / np.where(total > 0, total, 1)
    return weights @ v, weights


def attend_backward(
    d_outputs: Outputs, weights: Weights, q: Queries, k: Keys, v: Values
) -> AttentionGrads:
    """Compute the gradients of queries, keys and values; a masked weight is 0 and passes none."""
    d_weights = d_outputs @ np.swapaxes(v, -1, -2)
    mean = (d_weights * weights).sum(axis=-1, keepdims=True)
    d_scores = weights * (d_weights - mean) / np.sqrt(q.shape[-1])
    return AttentionGrads(
        q=d_scores @ k,
        k=np.swapaxes(d_scores, -1, -2) @ q,
        v=np.swapaxes(weights, -1, -2) @ d_outputs,
    )


def multi_head(
    q: QuerySteps,
    k: KeySteps,
    v: KeySteps,
    weights: HeadWeights,
    n_heads: int,
    mask: Mask | None = None,
) -> MultiHeadTrace:
    """Let each head attend with its own part of n numbers, and mix the heads' outputs.

    A mask is (batch, 1 or query, key), or (query, key).
    """
    of_q, of_k, of_v = (
        _split(x @ w + b, n_heads)
        for x, w, b in (
            (q, weights.q, weights.b_q), (k, weights.k, weights.b_k), (v, weights.v, weights.b_v),
        )
    )  # fmt: skip
    of_heads = None if mask is None else mask[..., None, :, :]
    outputs, attention = attend(of_q, of_k, of_v, of_heads)
    joined = _join(outputs)
    return MultiHeadTrace(joined @ weights.o + weights.b_o, attention, of_q, of_k, of_v, joined)


def multi_head_backward(
    d_outputs: QuerySteps,
    trace: MultiHeadTrace,
    q: QuerySteps,
    k: KeySteps,
    v: KeySteps,
    weights: HeadWeights,
) -> MultiHeadGrads:
    """Compute the gradients of queries, keys, values and all weights."""
    n_heads = trace.weights.shape[1]
    d_heads = _split(d_outputs @ weights.o.T, n_heads)
    of_heads = attend_backward(d_heads, trace.weights, trace.q, trace.k, trace.v)
    d_q, d_k, d_v = (_join(gradient) for gradient in of_heads)
    return MultiHeadGrads(
        q=d_q @ weights.q.T,
        k=d_k @ weights.k.T,
        v=d_v @ weights.v.T,
        weights=HeadWeights(
            q=weight_gradient(q, d_q),
            k=weight_gradient(k, d_k),
            v=weight_gradient(v, d_v),
            o=weight_gradient(trace.joined, d_outputs),
            b_q=d_q.sum(axis=(0, 1)),
            b_k=d_k.sum(axis=(0, 1)),
            b_v=d_v.sum(axis=(0, 1)),
            b_o=d_outputs.sum(axis=(0, 1)),
        ),
    )


def sinusoidal_positions(n_steps: int, n: int) -> Float[np.ndarray, "n_steps n"]:
    """Return the positions' waves: sine and cosine side by side, each pair slower than the last."""
    pair = np.arange(n) // 2
    angles = np.arange(n_steps)[:, None] / 10_000 ** (2 * pair / n)
    return np.where(np.arange(n) % 2 == 0, np.sin(angles), np.cos(angles))


def _split(
    x: Float[np.ndarray, "batch step n"], n_heads: int
) -> Float[np.ndarray, "batch head step d"]:
    batch, steps, n = x.shape
    if n % n_heads:
        raise ValueError(f"n_heads: {n} numbers cannot be divided among {n_heads} heads")
    return x.reshape(batch, steps, n_heads, n // n_heads).swapaxes(1, 2)


def _join(heads: Float[np.ndarray, "batch head step d"]) -> Float[np.ndarray, "batch step n"]:
    batch, n_heads, steps, d = heads.shape
    return heads.swapaxes(1, 2).reshape(batch, steps, n_heads * d)
