"""Logistic regression over inputs and their products, its threshold chosen on dev by F1.

The rival of a density: it may use every known anomaly, and chooses its threshold in the same way.
Source: Ng, MLS C3 W1 (anomaly detection against supervised learning).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.examples import DataShape
from foursplit_courses.from_scratch.gaussian_density import best_threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    inverse_penalty: float = 1.0  # scikit-learn's C; the smaller, the stronger the penalty
    products: bool = True  # of two inputs each: a boundary that can go round what is usual

    def __post_init__(self) -> None:
        if self.inverse_penalty <= 0:
            raise ValueError(f"inverse_penalty: {self.inverse_penalty} must be above 0")


def build(args: Args, _shape: DataShape, _seed: int) -> "Classifier":
    """Give a classifier with fit, tune and predict."""
    return Classifier(args)


class Classifier:
    """Log-odds that are a weighted sum of scaled inputs and their products."""

    def __init__(self, args: Args) -> None:
        self._args = args

    def fit(self, x: np.ndarray, y: np.ndarray) -> "Classifier":
        """Learn from (example, …) and classes 0 and 1; raises ValueError where one is missing."""
        from sklearn.linear_model import LogisticRegression

        flat = _flat(x)
        self.mean, self.scale = flat.mean(axis=0), np.maximum(flat.std(axis=0), 1e-12)
        model = LogisticRegression(C=self._args.inverse_penalty, max_iter=2000)
        model.fit(self._inputs(flat), y)
        self.weights = np.append(model.coef_[0], model.intercept_)
        self.threshold = 0.0  # of the log-odds, until tuned
        return self

    def tune(self, x: np.ndarray, y: np.ndarray) -> None:
        """Choose the log-odds above which an example is flagged, by F1."""
        self.threshold = -best_threshold(-self._log_odds(x), y).value

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give (example,) how far the log-odds lie above the threshold: above 0 is flagged."""
        return self._log_odds(x) - self.threshold

    def _log_odds(self, x: np.ndarray) -> np.ndarray:
        odds: np.ndarray = self._inputs(_flat(x)) @ self.weights[:-1] + self.weights[-1]
        return odds

    def _inputs(self, flat: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (flat - self.mean) / self.scale
        if not self._args.products:
            return scaled
        first, second = np.triu_indices(scaled.shape[1])
        return np.hstack([scaled, scaled[:, first] * scaled[:, second]])

    @property
    def n_parameters(self) -> int:
        """Count weights and threshold: the scales only measure."""
        return len(self.weights) + 1

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "mean": self.mean, "scale": self.scale, "weights": self.weights,
            "threshold": np.asarray([self.threshold]),
        }  # fmt: skip

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.mean, self.scale = arrays["mean"], arrays["scale"]
        self.weights, self.threshold = arrays["weights"], float(arrays["threshold"][0])


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64)
