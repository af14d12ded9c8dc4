"""Feature transforms: z-scores, powers and polynomial features.

Source: Ng, MLS C1 W2 (feature scaling, feature engineering, polynomial regression) and W3.
"""

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.from_scratch.linear import Inputs

Terms = Float64[np.ndarray, "example n_terms"]


class Scaler(NamedTuple):
    """Mean and standard deviation of each input, measured on the training examples."""

    mean: Float64[np.ndarray, " n_inputs"]
    std: Float64[np.ndarray, " n_inputs"]

    def transform(self, x: Inputs) -> Inputs:
        """Standardize examples."""
        return (x - self.mean) / self.std

    def unscale(self, parameters: Parameters) -> Parameters:
        """Convert parameters for scaled inputs into equivalent ones for the original inputs."""
        w = parameters.w / self.std
        return Parameters(w, parameters.b - float(self.mean @ w))


def fit_scaler(x: Inputs) -> Scaler:
    """Measure mean and standard deviation; a constant input is only shifted."""
    std = x.std(axis=0)
    # The computed mean of equal numbers has a rounding error, which must not be scaled to 1.
    constant = std <= 1e-12 * np.abs(x).max(axis=0)
    return Scaler(mean=x.mean(axis=0), std=np.where(constant, 1.0, std))


def power_features(x: Float64[np.ndarray, " example"], degree: int) -> Terms:
    """Return the columns x, x^2, … x^degree."""
    return polynomial_features(x[:, None], degree)


def polynomial_features(x: Inputs, degree: int) -> Terms:
    """Return all products of 1 to `degree` inputs, ordered by degree, then by input.

    There are C(n + degree, degree) - 1 of them: 27 of two inputs up to degree 6.
    """
    if degree < 1:
        raise ValueError(f"degree: {degree!r} must be at least 1")
    index_sets = [
        list(factors)
        for length in range(1, degree + 1)
        for factors in combinations_with_replacement(range(x.shape[1]), length)
    ]
    return np.column_stack([x[:, factors].prod(axis=1) for factors in index_sets])


def scaled_polynomial_features(degree: int, x: Inputs, *others: Inputs) -> list[Terms]:
    """Return the polynomial features of `x` and of `others`, all scaled as those of `x` are."""
    scaler = fit_scaler(polynomial_features(x, degree))
    return [scaler.transform(polynomial_features(rows, degree)) for rows in (x, *others)]
