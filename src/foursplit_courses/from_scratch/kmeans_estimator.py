"""Clusters as a model: what share of the examples' variance their centroids leave unexplained.

Source: Ng, MLS C3 W1 (distortion of k-means; vector quantisation of colours).
"""

from collections.abc import Callable

import numpy as np

from foursplit_courses.from_scratch import kmeans


class Clusters:
    """Centroids of train, found by `find`; they answer an example with its distance to them.

    `find` gives (cluster, input) centroids of (example, input).  The target takes no part in it;
    each cluster remembers the mean of its members', to be held against other examples' later.
    """

    def __init__(self, find: Callable[[np.ndarray], np.ndarray]) -> None:
        self._find = find

    def fit(self, x: np.ndarray, y: np.ndarray) -> "Clusters":
        """Find the centroids of (example, …)."""
        flat = _flat(x)
        self.centroids = np.asarray(self._find(flat), np.float64)
        self.mean = flat.mean(axis=0)
        self.spread = np.asarray([((flat - self.mean) ** 2).sum(axis=1).mean()])
        if self.spread[0] == 0:
            raise ValueError("x: all examples are the same, there is nothing to part")
        labels = kmeans.assign(flat, self.centroids)
        counts = np.bincount(labels, minlength=len(self.centroids))
        sums = np.bincount(labels, weights=y, minlength=len(self.centroids))
        self.targets = np.where(counts > 0, sums / np.maximum(counts, 1), np.mean(y))
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give, for each of (example, …), squared distances to its centroid and to train's mean,
        over train's mean squared distance to its mean, and the target's mean in its cluster.
        """
        flat = _flat(x)
        labels = kmeans.assign(flat, self.centroids)
        own = ((flat - self.centroids[labels]) ** 2).sum(axis=1) / self.spread
        one = ((flat - self.mean) ** 2).sum(axis=1) / self.spread
        return np.column_stack([own, one, self.targets[labels]])

    @property
    def n_parameters(self) -> int:
        """Count the centroids' numbers: the rest only measures."""
        return int(self.centroids.size)

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "centroids": self.centroids, "mean": self.mean, "spread": self.spread,
            "targets": self.targets,
        }  # fmt: skip

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.centroids, self.mean = arrays["centroids"], arrays["mean"]
        self.spread, self.targets = arrays["spread"], arrays["targets"]


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64)
