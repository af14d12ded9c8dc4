"""Inputs made of inputs: z-scores, powers of one, and products of several.

Source: Ng, MLS C1 W2 (feature scaling, feature engineering, polynomial regression) and W3.
"""

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.from_scratch.linear import Inputs

Terms = Float64[np.ndarray, "example n_terms"]


class Scale(NamedTuple):
    """Mean and standard deviation of each input, as measured on the examples learnt from."""

    mean: Float64[np.ndarray, " n_inputs"]
    deviation: Float64[np.ndarray, " n_inputs"]

    def apply(self, x: Inputs) -> Inputs:
        """Shift and scale examples, seen or new."""
        return (x - self.mean) / self.deviation

    def undo(self, at: Parameters) -> Parameters:
        """Turn weights of scaled inputs into those of the inputs themselves: the same answers."""
        w = at.w / self.deviation
        return Parameters(w, at.b - float(self.mean @ w))


def measure(x: Inputs) -> Scale:
    """Measure the inputs; one that never varies is only shifted."""
    deviation = x.std(axis=0)
    # The mean of equal numbers can miss them by a rounding error, which must not become 1.
    still = deviation <= 1e-12 * np.abs(x).max(axis=0)
    return Scale(mean=x.mean(axis=0), deviation=np.where(still, 1.0, deviation))


def powers(x: Float64[np.ndarray, " example"], degree: int) -> Terms:
    """Give x, x^2 and so on up to `degree`, a column each."""
    return products(x[:, None], degree)


def products(x: Inputs, degree: int) -> Terms:
    """Give all products of 1 to `degree` inputs, by length and then in the inputs' order.

    There are C(n + degree, degree) - 1 of them: 27 of two inputs up to degree 6.
    """
    if degree < 1:
        raise ValueError(f"degree: {degree!r} must be at least 1")
    chosen = [
        list(factors)
        for length in range(1, degree + 1)
        for factors in combinations_with_replacement(range(x.shape[1]), length)
    ]
    return np.column_stack([x[:, factors].prod(axis=1) for factors in chosen])
