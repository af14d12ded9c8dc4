"""A density as a model: learnt from what is usual, with a threshold chosen where labels are.

Source: Ng, MLS C3 W1 (anomaly detection; the threshold is chosen on the cross-validation set).
"""

from collections.abc import Callable

import numpy as np

from foursplit_courses.from_scratch.gaussian_density import Gaussian, best_threshold
from foursplit_courses.from_scratch.mixture import Mixture


class Detector:
    """The density that `learn` gives of (example, input), and the log density to flag below."""

    def __init__(self, learn: Callable[[np.ndarray], Mixture]) -> None:
        self._learn = learn

    def fit(self, x: np.ndarray, y: np.ndarray) -> "Detector":
        """Learn from those of (example, …) whose `y` is 0, usual; the others take no part."""
        usual = _flat(x)[np.asarray(y) == 0]
        if not len(usual):
            raise ValueError("y: no example is usual (class 0), so there is nothing to learn")
        self.density = self._learn(usual)
        self.threshold = -np.inf  # until tuned: nothing is flagged
        return self

    def tune(self, x: np.ndarray, y: np.ndarray) -> None:
        """Choose the threshold with the highest F1 on labelled examples, which are no test of it.

        Raises ValueError where none of them is anomalous.
        """
        self.threshold = best_threshold(self.density.log_density(_flat(x)), y).value

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give (example,) how far each log density lies below the threshold: above 0 is flagged."""
        return self.threshold - self.density.log_density(_flat(x))

    @property
    def n_parameters(self) -> int:
        """Count means, shares but one, the covariances' own numbers, and the threshold."""
        factors = sum(np.count_nonzero(part.factor) for part in self.density.parts)
        means = sum(part.mean.size for part in self.density.parts)
        return int(factors + means) + len(self.density.parts) - 1 + 1

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "shares": self.density.shares,
            "means": np.stack([part.mean for part in self.density.parts]),
            "factors": np.stack([part.factor for part in self.density.parts]),
            "threshold": np.asarray([self.threshold]),
        }

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        pairs = zip(arrays["means"], arrays["factors"], strict=True)
        parts = tuple(Gaussian(mean=mean, factor=factor) for mean, factor in pairs)
        self.density = Mixture(shares=arrays["shares"], parts=parts)
        self.threshold = float(arrays["threshold"][0])


def single(gaussian: Gaussian) -> Mixture:
    """Take one Gaussian for a mixture of one."""
    return Mixture(shares=np.ones(1), parts=(gaussian,))


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64)
