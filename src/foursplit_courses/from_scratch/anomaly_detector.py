"""Anomaly detection: a density fitted on normal examples, and a threshold chosen on labelled ones.

Source: Ng, MLS C3 W1 (anomaly detection; the threshold is chosen on the cross-validation set).
"""

from collections.abc import Callable

import numpy as np

from foursplit_courses.from_scratch.gaussian_density import Gaussian, select_threshold
from foursplit_courses.from_scratch.mixture import GaussianMixture


class AnomalyDetector:
    """A density returned by `fit_density`, and the log density below which examples are flagged."""

    def __init__(self, fit_density: Callable[[np.ndarray], GaussianMixture]) -> None:
        self._fit_density = fit_density

    def fit(self, x: np.ndarray, y: np.ndarray) -> "AnomalyDetector":
        """Fit the density on the examples with `y` = 0 (normal); the others are not used."""
        normal_examples = _flat(x)[np.asarray(y) == 0]
        if not len(normal_examples):
            raise ValueError("y: no example is normal (class 0), so no density can be fitted")
        self.density = self._fit_density(normal_examples)
        self.threshold = -np.inf  # before `tune` nothing is flagged
        return self

    def tune(self, x: np.ndarray, y: np.ndarray) -> None:
        """Choose the threshold with the highest F1 on labelled examples.

        Raises ValueError if no example is anomalous.
        """
        self.threshold = select_threshold(self.density.log_density(_flat(x)), y).value

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return (example,) threshold - log density: above 0 is flagged."""
        return self.threshold - self.density.log_density(_flat(x))

    @property
    def n_parameters(self) -> int:
        """Count means, covariances, weights (less one: they sum to 1), and the threshold."""
        factors = sum(np.count_nonzero(component.factor) for component in self.density.components)
        means = sum(component.mean.size for component in self.density.components)
        return int(factors + means) + len(self.density.components) - 1 + 1

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "shares": self.density.weights,
            "means": np.stack([component.mean for component in self.density.components]),
            "factors": np.stack([component.factor for component in self.density.components]),
            "threshold": np.asarray([self.threshold]),
        }

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        pairs = zip(arrays["means"], arrays["factors"], strict=True)
        components = tuple(Gaussian(mean=mean, factor=factor) for mean, factor in pairs)
        self.density = GaussianMixture(weights=arrays["shares"], components=components)
        self.threshold = float(arrays["threshold"][0])


def as_mixture(gaussian: Gaussian) -> GaussianMixture:
    """Return a mixture with one component."""
    return GaussianMixture(weights=np.ones(1), components=(gaussian,))


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64)
