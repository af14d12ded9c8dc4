"""Logistic regression on quadratic features, with a decision threshold chosen on dev by F1.

The supervised alternative to a density: it learns from labelled anomalies.
Source: Ng, MLS C3 W1 (anomaly detection against supervised learning).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.examples import DataSpec
from foursplit_courses.argument_checks import check_above_zero
from foursplit_courses.from_scratch.gaussian_density import select_threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    C: float = 1.0  # inverse L2 penalty
    quadratic_features: bool = True  # so that the boundary can enclose the normal examples

    def __post_init__(self) -> None:
        check_above_zero(self, "C")


def build(args: Args, _shape: DataSpec, _seed: int) -> "F1ThresholdClassifier":
    """Return a classifier with fit, tune and predict."""
    return F1ThresholdClassifier(args)


class F1ThresholdClassifier:
    """Logits are a weighted sum of scaled inputs and their products."""

    def __init__(self, args: Args) -> None:
        self._args = args

    def fit(self, x: np.ndarray, y: np.ndarray) -> "F1ThresholdClassifier":
        """Fit on (example, …) and classes 0 and 1; raise ValueError if one is missing."""
        from sklearn.linear_model import LogisticRegression

        flat = _flat(x)
        self.mean, self.scale = flat.mean(axis=0), np.maximum(flat.std(axis=0), 1e-12)
        model = LogisticRegression(C=self._args.C, max_iter=2000)
        model.fit(self._inputs(flat), y)
        self.weights = np.append(model.coef_[0], model.intercept_)
        self.threshold = 0.0  # on the logit, before `tune`
        return self

    def tune(self, x: np.ndarray, y: np.ndarray) -> None:
        """Choose the logit above which an example is flagged, by F1."""
        self.threshold = -select_threshold(-self._logits(x), y).value

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return (example,) logit - threshold: above 0 is flagged."""
        return self._logits(x) - self.threshold

    def _logits(self, x: np.ndarray) -> np.ndarray:
        logits: np.ndarray = self._inputs(_flat(x)) @ self.weights[:-1] + self.weights[-1]
        return logits

    def _inputs(self, flat: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (flat - self.mean) / self.scale
        if not self._args.quadratic_features:
            return scaled
        first, second = np.triu_indices(scaled.shape[1])
        return np.hstack([scaled, scaled[:, first] * scaled[:, second]])

    @property
    def n_parameters(self) -> int:
        """Count weights and threshold, not mean and scale."""
        return len(self.weights) + 1

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "mean": self.mean,
            "scale": self.scale,
            "weights": self.weights,
            "threshold": np.asarray([self.threshold]),
        }

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.mean, self.scale = arrays["mean"], arrays["scale"]
        self.weights, self.threshold = arrays["weights"], float(arrays["threshold"][0])


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64)
