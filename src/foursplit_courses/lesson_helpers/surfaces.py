"""Costs over two parameters, and the path of a descent on them."""

from collections.abc import Callable, Iterable

import numpy as np

from foursplit_courses.from_scratch.gradient_descent import Parameters


def cost_grid(cost: Callable[[Parameters], float], w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute the cost (bias, weight) of a model with one weight."""
    return np.array([[cost(Parameters(np.array([u]), float(v))) for u in w] for v in b])


def surface_path(
    x: Iterable[float], y: Iterable[float], z: Iterable[float]
) -> tuple[tuple[float, float, float], ...]:
    """Return the steps (x, y, z) of a descent, as plain numbers."""
    return tuple((float(u), float(v), float(w)) for u, v, w in zip(x, y, z, strict=True))
