"""Gaussian densities for anomaly detection, and the choice of a threshold by F1.

Source: Ng, MLS C3 W1 (a Gaussian for each feature, threshold by F1; ML 2011, the multivariate one).
"""

from dataclasses import dataclass

import numpy as np

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaussian:
    """Mean and Cholesky factor of a Gaussian; the factor is diagonal for independent inputs."""

    mean: np.ndarray  # (input,)
    factor: np.ndarray  # (input, input), Cholesky factor of the covariance

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Compute (example,) natural logarithms of the density, in inverse units of the inputs.

        The density itself underflows for many inputs.
        """
        z = _solve_lower_triangular(
            self.factor, (x - self.mean).T
        )  # (input, example), in deviations
        logs = np.log(np.diag(self.factor))
        return -0.5 * (z**2).sum(axis=0) - float(logs.sum()) - 0.5 * len(logs) * LOG_2PI


def fit_independent(x: np.ndarray) -> Gaussian:
    """Fit a Gaussian to each input of (example, input) by maximum likelihood (divisor m).

    Raises ValueError for a constant input.
    """
    x = _validated(x)
    deviations = x.std(axis=0)
    constant = np.flatnonzero(deviations == 0)
    if len(constant):
        raise ValueError(f"x: input {constant[0]} is constant and has no density: remove it")
    return Gaussian(mean=x.mean(axis=0), factor=np.diag(deviations))


def fit_multivariate(x: np.ndarray) -> Gaussian:
    """Fit a multivariate Gaussian with a full covariance matrix to (example, input).

    Raises ValueError if the covariance is singular.
    """
    x = _validated(x)
    mean = x.mean(axis=0)
    covariance = (x - mean).T @ (x - mean) / len(x)
    return Gaussian(mean=mean, factor=cholesky(covariance))


def cholesky(covariance: np.ndarray) -> np.ndarray:
    """Compute the Cholesky factor of a covariance; raise ValueError if it is singular.

    Singularity is tested on the correlation matrix, so the units of the inputs do not matter.
    """
    scale = np.sqrt(np.diag(covariance))
    try:
        factor = np.linalg.cholesky(covariance / np.outer(scale, scale)) if scale.all() else None
    except np.linalg.LinAlgError:
        factor = None
    if factor is None or np.diag(factor).min() < 1e-7:
        raise ValueError(
            "covariance: singular: an input is constant or a linear combination of others, or "
            "there are no more examples than inputs; remove inputs, or fit them as independent"
        )
    cholesky_factor: np.ndarray = scale[:, None] * factor
    return cholesky_factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Log density below which an example is flagged."""

    value: float
    f1: float  # on the examples used for the choice: optimistically biased


def select_threshold(log_density: np.ndarray, y_true: np.ndarray) -> Threshold:
    """Choose the threshold with the highest F1; `y_true` (example,) is 1 or true for anomalies.

    Candidates are the midpoints between consecutive densities; of equal F1, the one that flags the
    fewest examples wins.  Raises ValueError if no example is anomalous.
    """
    is_anomaly = np.asarray(y_true, bool)
    if not is_anomaly.any():
        raise ValueError("y_true: no example is anomalous, so no threshold can be chosen")
    order = np.argsort(log_density, kind="stable")
    sorted_density, n_true_positives = log_density[order], np.cumsum(is_anomaly[order])
    n_flagged = np.arange(1, len(is_anomaly) + 1)
    f1 = 2 * n_true_positives / (n_flagged + int(is_anomaly.sum()))
    # A threshold separates two densities only if they differ.
    f1[:-1][np.diff(sorted_density) == 0] = -1.0
    best = int(f1.argmax())
    above = sorted_density[best + 1] if best + 1 < len(sorted_density) else np.inf
    return Threshold(value=_between(float(sorted_density[best]), float(above)), f1=float(f1[best]))


def _between(low: float, high: float) -> float:
    """Return a number above `low` and at most `high`."""
    if high == np.inf:
        return float(np.nextafter(low, np.inf))
    middle = low + (high - low) / 2
    return middle if middle > low else high


def _solve_lower_triangular(factor: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Solve factor @ z = b for a lower triangular factor, row by row."""
    z = np.empty_like(b)
    for row in range(len(factor)):
        z[row] = (b[row] - factor[row, :row] @ z[:row]) / factor[row, row]
    return z


def _validated(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or not len(x):
        raise ValueError(f"x: shape {x.shape} must be (example, input), at least one example")
    return x
