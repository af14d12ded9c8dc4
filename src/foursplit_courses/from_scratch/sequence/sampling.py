"""Sampling from a language model: temperature, top-k and nucleus.

Source: Ng, DLS C5 W1 (sampling novel sequences); Fan, Lewis and Dauphin (2018), Hierarchical neural
story generation (top-k); Holtzman et al. (2020), The curious case of neural text degeneration
(nucleus).
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

Logits = Float[np.ndarray, " n_tokens"]


def token_probabilities(
    logits: Logits,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Logits:
    """Return the probabilities that the next token is drawn with.

    A temperature below 1 sharpens them and one above 1 flattens them. `top_k` keeps the most
    likely tokens, `top_p` (the nucleus) the fewest of them whose probabilities reach that sum;
    what is left is divided by its sum. Of equal tokens the first ones are kept.
    """
    _require(temperature, top_k, top_p)
    scaled = logits / temperature
    probabilities = np.exp(scaled - scaled.max())
    probabilities /= probabilities.sum()
    order = np.argsort(-probabilities, kind="stable")
    if top_k is not None:
        probabilities[order[top_k:]] = 0
        probabilities /= probabilities.sum()
    if top_p is not None:
        before = np.cumsum(probabilities[order]) - probabilities[order]
        probabilities[order[(before >= top_p) & (np.arange(len(order)) > 0)]] = 0
        probabilities /= probabilities.sum()
    return probabilities


def draw_token(probabilities: Logits, rng: np.random.Generator) -> int:
    """Draw a token: the first whose cumulative probability is above a uniform number."""
    cumulative = np.cumsum(probabilities)
    return int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))


def sample_sequence(
    next_probabilities: Callable[[Sequence[int]], np.ndarray],
    rng: np.random.Generator,
    *,
    end: int,
    max_length: int,
) -> list[int]:
    """Draw token after token, each given those before it, until `end`, which is not returned."""
    tokens: list[int] = []
    while len(tokens) < max_length:
        token = draw_token(next_probabilities(tokens), rng)
        if token == end:
            break
        tokens.append(token)
    return tokens


def _require(temperature: float, top_k: int | None, top_p: float | None) -> None:
    if not temperature > 0:
        raise ValueError(f"temperature: {temperature} must be above 0")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k: {top_k} must be at least 1")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p: {top_p} must be above 0 and at most 1")
