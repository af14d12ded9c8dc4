"""Gradient clipping: a limit for every number, or for the length of all gradients together.

Source: Ng, DLS C5 W1 (exploding gradients); Pascanu, Mikolov and Bengio (2013), On the difficulty
of training recurrent neural networks.
"""

from collections.abc import Sequence

import numpy as np


def clip_by_value(gradients: Sequence[np.ndarray], limit: float) -> list[np.ndarray]:
    """Return the gradients with each number between -limit and limit; the direction may change."""
    _require_positive("limit", limit)
    return [np.clip(gradient, -limit, limit) for gradient in gradients]


def clip_by_norm(gradients: Sequence[np.ndarray], max_norm: float) -> list[np.ndarray]:
    """Return the gradients, scaled down together where their Euclidean norm is above `max_norm`."""
    _require_positive("max_norm", max_norm)
    norm = global_norm(gradients)
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [gradient * factor for gradient in gradients]


def global_norm(gradients: Sequence[np.ndarray]) -> float:
    """Compute the Euclidean norm of all numbers together."""
    return float(np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients)))


def _require_positive(name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{name}: {value} must be above 0")
