"""Gradient descent on any cost of weights and a bias, with all examples in each step.

Source: Ng, MLS C1 W1-W3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64


class Parameters(NamedTuple):
    """Weights and bias of a linear model; also their gradients."""

    w: Float64[np.ndarray, " n_inputs"]
    b: float


class FitResult(NamedTuple):
    """Parameters and cost after each step, the start included."""

    w: Float64[np.ndarray, "position n_inputs"]
    b: Float64[np.ndarray, " position"]
    cost: Float64[np.ndarray, " position"]

    def parameters_at(self, step: int) -> Parameters:
        """Return the parameters after `step` steps (0: the start, -1: the last)."""
        return Parameters(self.w[step], float(self.b[step]))

    @property
    def final(self) -> Parameters:
        return self.parameters_at(-1)


def zero_parameters(n_inputs: int) -> Parameters:
    """Return zero weights and a zero bias, the start that the courses use."""
    return Parameters(np.zeros(n_inputs), 0.0)


def gradient_descent(
    cost: Callable[[Parameters], float],
    gradient: Callable[[Parameters], Parameters],
    start: Parameters,
    *,
    learning_rate: float,
    n_steps: int,
) -> FitResult:
    """Take `n_steps` steps against the gradient; stop early if the cost is not finite."""
    if not learning_rate > 0:
        raise ValueError(f"learning_rate: {learning_rate!r} must be above 0")
    if n_steps < 0:
        raise ValueError(f"n_steps: {n_steps!r} must be 0 or more")
    path, costs = [start], [cost(start)]
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is shown in lessons
        for _ in range(n_steps):
            w, b, grad = path[-1].w, path[-1].b, gradient(path[-1])
            updated = Parameters(w - learning_rate * grad.w, b - learning_rate * grad.b)
            new_cost = cost(updated)
            if not np.isfinite(new_cost):
                break
            path.append(updated)
            costs.append(new_cost)
    return FitResult(
        w=np.array([parameters.w for parameters in path]),
        b=np.array([parameters.b for parameters in path]),
        cost=np.array(costs),
    )


@dataclass(frozen=True, slots=True)
class ModelDescent:
    """Gradient descent on a model's cost and gradient, both of (x, y, parameters, l2)."""

    cost: Callable[..., float]
    gradient: Callable[..., Parameters]

    def __call__(
        self,
        x: Float64[np.ndarray, "example n_inputs"],
        y: Float64[np.ndarray, " example"],
        start: Parameters | None = None,
        *,
        learning_rate: float,
        n_steps: int,
        l2: float = 0.0,
    ) -> FitResult:
        """Minimize the cost by gradient descent from `start`, by default zero."""
        return gradient_descent(
            partial(self.cost, x, y, l2=l2),
            partial(self.gradient, x, y, l2=l2),
            start or zero_parameters(x.shape[1]),
            learning_rate=learning_rate,
            n_steps=n_steps,
        )
