"""A straight line through examples of one feature: cost, gradient, and descent to the best line.

The cost is half the mean squared error.  Source: Ng, MLS C1 W1.
"""

from dataclasses import dataclass

import numpy as np

Numbers = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """Every step of a descent, the start included: weight, intercept and cost after it."""

    w: Numbers
    b: Numbers
    cost: Numbers


def predict(x: Numbers, w: float | Numbers, b: float | Numbers) -> Numbers:
    """Answer with w x + b."""
    return w * x + b


def cost(x: Numbers, y: Numbers, w: float, b: float) -> float:
    """Give half the mean squared error, in squared units of y."""
    return float(np.mean((predict(x, w, b) - y) ** 2) / 2)


def cost_grid(x: Numbers, y: Numbers, w: Numbers, b: Numbers) -> Numbers:
    """Give the cost of every pair: (row, column) is at (w[column], b[row])."""
    answers = predict(x[None, None, :], w[None, :, None], b[:, None, None])  # (b, w, example)
    found: Numbers = np.mean((answers - y) ** 2, axis=2) / 2
    return found


def gradient(x: Numbers, y: Numbers, w: float, b: float) -> tuple[float, float]:
    """Give the cost's derivatives by w and by b."""
    error = predict(x, w, b) - y
    return float(np.mean(error * x)), float(np.mean(error))


def curvature(x: Numbers) -> Numbers:
    """Give the cost's (2, 2) second derivatives by w and b; they are the same everywhere."""
    return np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])


def largest_rate(x: Numbers) -> float:
    """Give the rate from which on descent no longer converges: 2 over the largest curvature.

    Along an axis of the bowl each step multiplies the distance by 1 - rate * curvature.
    """
    return float(2 / np.linalg.eigvalsh(curvature(x))[-1])


def descend(
    x: Numbers, y: Numbers, rate: float, n_steps: int, start: tuple[float, float] = (0.0, 0.0)
) -> Descent:
    """Walk against the gradient, both parameters at once.

    A rate that is too large ends in infinity and then in NaN, as the arithmetic has it.
    """
    w, b, costs = (np.empty(n_steps + 1) for _ in range(3))
    w[0], b[0] = start
    with np.errstate(over="ignore", invalid="ignore"):
        costs[0] = cost(x, y, w[0], b[0])
        for step in range(n_steps):
            by_w, by_b = gradient(x, y, w[step], b[step])
            w[step + 1], b[step + 1] = w[step] - rate * by_w, b[step] - rate * by_b
            costs[step + 1] = cost(x, y, w[step + 1], b[step + 1])
    return Descent(w=w, b=b, cost=costs)


def converged(costs: Numbers, least: float) -> int | None:
    """Find the first step that lowers the cost, and by no more than `least`; None if none does."""
    falls = costs[:-1] - costs[1:]
    found = np.nonzero((falls >= 0) & (falls <= least))[0]
    return int(found[0]) + 1 if len(found) else None
