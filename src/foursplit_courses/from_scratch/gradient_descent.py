"""Gradient descent on any cost of weights and a bias, with all examples in each step.

Source: Ng, MLS C1 W1-W3.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64


class Parameters(NamedTuple):
    """The weights of a linear score and its bias; also derivatives by them."""

    w: Float64[np.ndarray, " n_inputs"]
    b: float


class Descent(NamedTuple):
    """What the descent went through, the start included."""

    w: Float64[np.ndarray, "position n_inputs"]
    b: Float64[np.ndarray, " position"]
    cost: Float64[np.ndarray, " position"]

    def at(self, step: int) -> Parameters:
        """Give the parameters after `step` steps (0: the start, -1: the last)."""
        return Parameters(self.w[step], float(self.b[step]))

    @property
    def end(self) -> Parameters:
        return self.at(-1)


def origin(n_inputs: int) -> Parameters:
    """Give the courses' start: nothing weighs anything."""
    return Parameters(np.zeros(n_inputs), 0.0)


def descend(
    cost: Callable[[Parameters], float],
    gradient: Callable[[Parameters], Parameters],
    start: Parameters,
    *,
    rate: float,
    n_steps: int,
) -> Descent:
    """Step against the gradient `n_steps` times; end early where the cost leaves all numbers."""
    if not rate > 0:
        raise ValueError(f"rate: {rate!r} must be above 0")
    if n_steps < 0:
        raise ValueError(f"n_steps: {n_steps!r} must be 0 or more")
    places, costs = [start], [cost(start)]
    with np.errstate(over="ignore", invalid="ignore"):  # a rate too large is a lesson, not a fault
        for _ in range(n_steps):
            here, slope = places[-1], gradient(places[-1])
            there = Parameters(here.w - rate * slope.w, here.b - rate * slope.b)
            height = cost(there)
            if not np.isfinite(height):
                break
            places.append(there)
            costs.append(height)
    w, b = np.array([place.w for place in places]), np.array([place.b for place in places])
    return Descent(w=w, b=b, cost=np.array(costs))
