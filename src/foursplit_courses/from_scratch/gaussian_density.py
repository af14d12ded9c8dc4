"""Gaussian densities that say how usual an example is, and the threshold below which it is flagged.

Source: Ng, MLS C3 W1 (a Gaussian for each feature, chosen by F1; ML 2011, the multivariate one).
"""

from dataclasses import dataclass

import numpy as np

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaussian:
    """Mean and spread of what is usual; `factor` is lower triangular, diagonal if independent."""

    mean: np.ndarray  # (input,)
    factor: np.ndarray  # (input, input), Cholesky factor of the covariance

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Give (example,) natural logarithms of the density, in the inverse of the inputs' units.

        A logarithm: the density itself of many inputs is too small for a number.
        """
        away = _solved(self.factor, (x - self.mean).T)  # (input, example), in deviations
        logs = np.log(np.diag(self.factor))
        return -0.5 * (away**2).sum(axis=0) - float(logs.sum()) - 0.5 * len(logs) * LOG_2PI


def independent(x: np.ndarray) -> Gaussian:
    """Fit a Gaussian to each input of (example, input): likelihood's own, divided by m.

    Raises ValueError, naming the input, where one never varies.
    """
    x = _checked(x)
    deviations = x.std(axis=0)
    still = np.flatnonzero(deviations == 0)
    if len(still):
        raise ValueError(f"x: input {still[0]} never varies: it has no density; leave it out")
    return Gaussian(mean=x.mean(axis=0), factor=np.diag(deviations))


def multivariate(x: np.ndarray) -> Gaussian:
    """Fit one Gaussian with all covariances to (example, input).

    Raises ValueError where an input follows from others, or there are no more examples than inputs.
    """
    x = _checked(x)
    mean = x.mean(axis=0)
    covariance = (x - mean).T @ (x - mean) / len(x)
    return Gaussian(mean=mean, factor=cholesky(covariance))


def cholesky(covariance: np.ndarray) -> np.ndarray:
    """Factor a covariance, or say that it has no density.

    Judged on correlations, so that an input's unit makes no difference.
    """
    scale = np.sqrt(np.diag(covariance))
    try:
        factor = np.linalg.cholesky(covariance / np.outer(scale, scale)) if scale.all() else None
    except np.linalg.LinAlgError:
        factor = None
    if factor is None or np.diag(factor).min() < 1e-7:
        raise ValueError(
            "covariance: singular: an input never varies or follows from others, or there are no "
            "more examples than inputs; leave inputs out, or take them as independent"
        )
    made: np.ndarray = scale[:, None] * factor
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Below this log density an example is flagged."""

    value: float
    f1: float  # on the examples it was chosen on: never an estimate for others


def best_threshold(log_density: np.ndarray, anomalous: np.ndarray) -> Threshold:
    """Choose the threshold with the highest F1 on (example,) labels, 1 or true for anomalous.

    Every threshold that flags other examples is tried, half-way between two densities; of those
    equally good, the one that flags the fewest.  Raises ValueError where nothing is anomalous.
    """
    truth = np.asarray(anomalous, bool)
    if not truth.any():
        raise ValueError("anomalous: none of the examples is, so no threshold can be chosen")
    order = np.argsort(log_density, kind="stable")
    ranked, hits = log_density[order], np.cumsum(truth[order])
    flagged = np.arange(1, len(truth) + 1)
    f1 = 2 * hits / (flagged + int(truth.sum()))
    # A threshold parts two densities only where they differ.
    f1[:-1][np.diff(ranked) == 0] = -1.0
    at = int(f1.argmax())
    above = ranked[at + 1] if at + 1 < len(ranked) else np.inf
    return Threshold(value=_between(float(ranked[at]), float(above)), f1=float(f1[at]))


def _between(low: float, high: float) -> float:
    """Give a number above `low` and at most `high`."""
    if high == np.inf:
        return float(np.nextafter(low, np.inf))
    middle = low + (high - low) / 2
    return middle if middle > low else high


def _solved(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve factor @ z = right for a lower triangular factor, row by row."""
    z = np.empty_like(right)
    for row in range(len(factor)):
        z[row] = (right[row] - factor[row, :row] @ z[:row]) / factor[row, row]
    return z


def _checked(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or not len(x):
        raise ValueError(f"x: shape {x.shape} must be (example, input), one example at least")
    return x
