"""How far two ways to compute the same lie apart."""

from typing import Any

import numpy as np

from foursplit_courses.from_scratch.gradient_descent import Parameters

ROUNDING = 1e-12  # a smaller difference is that of the last digits, and says nothing


def largest_difference(first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest absolute difference, at least `ROUNDING`."""
    return max(float(np.abs(first - second).max()), ROUNDING)


def sklearn_parameters(estimator: Any) -> np.ndarray:
    """Return weights, then bias, of a linear estimator of scikit-learn."""
    return np.append(estimator.coef_, estimator.intercept_)


def sklearn_difference(parameters: Parameters, estimator: Any) -> float:
    """Return the largest absolute difference of weights and bias."""
    return float(np.abs(np.append(*parameters) - sklearn_parameters(estimator)).max())


def t_interval(draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return the interval of the mean of independent (draw,) numbers by Student's t."""
    from scipy.special import stdtrit

    n = len(draws)
    half = stdtrit(n - 1, 0.5 + confidence / 2) * draws.std(ddof=1) / np.sqrt(n)
    return float(draws.mean() - half), float(draws.mean() + half)
