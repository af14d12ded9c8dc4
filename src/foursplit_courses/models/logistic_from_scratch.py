"""Logistic regression in NumPy, by gradient descent from zero with all examples in each step.

Source: Ng, DLS C1 W2.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from foursplit.core.examples import DataSpec
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import linear, logistic
from foursplit_courses.from_scratch.gradient_descent import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    learning_rate: float
    n_steps: int

    def __post_init__(self) -> None:
        check_above_zero(self, "learning_rate")
        check_at_least(self, n_steps=1)


def build(args: Args, _shape: DataSpec, _seed: int) -> "LogisticRegression":
    """Return a classifier with fit and predict_proba; no draw is made, so no seed is needed."""
    return LogisticRegression(args)


class LogisticRegression:
    """`parameters` after `fit`, and `costs`, the cost before each step and after the last."""

    def __init__(self, args: Args) -> None:
        self._args = args

    def fit(self, x: np.ndarray, y: np.ndarray) -> "LogisticRegression":
        """Fit on (example, …) inputs and classes 0 and 1."""
        path = logistic.gradient_descent(
            _flat(x),
            y.astype(np.float64),
            learning_rate=self._args.learning_rate,
            n_steps=self._args.n_steps,
        )
        self.parameters, self.costs = path.final, path.cost
        return self

    def predict_proba(self, x: np.ndarray) -> Float64[np.ndarray, "example 2"]:
        second = logistic.sigmoid(linear.predict(_flat(x), self.parameters))
        return np.stack([1 - second, second], axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        return {"w": self.parameters.w, "b": np.asarray([self.parameters.b])}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.parameters = Parameters(arrays["w"], float(arrays["b"][0]))


def _flat(x: np.ndarray) -> Float64[np.ndarray, "example n_inputs"]:
    return x.reshape(len(x), -1).astype(np.float64)
