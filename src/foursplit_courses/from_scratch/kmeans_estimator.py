"""K-means as a model with fit and predict; its error is the unexplained fraction of variance.

Source: Ng, MLS C3 W1 (distortion of k-means; vector quantisation of colours).
"""

from collections.abc import Callable

import numpy as np

from foursplit_courses.from_scratch import kmeans


class KMeansEstimator:
    """Centroids fitted on train; predictions are distances to the nearest centroid.

    `find_centroids` returns (cluster, input) centroids of (example, input).  The target is not used
    for it; each cluster stores the mean target of its members, for comparison with other examples.
    """

    def __init__(self, find_centroids: Callable[[np.ndarray], np.ndarray]) -> None:
        self._find_centroids = find_centroids

    def fit(self, x: np.ndarray, y: np.ndarray) -> "KMeansEstimator":
        """Compute the centroids of (example, …)."""
        flat = _flat(x)
        self.centroids = np.asarray(self._find_centroids(flat), np.float64)
        self.mean = flat.mean(axis=0)
        self.spread = np.asarray([((flat - self.mean) ** 2).sum(axis=1).mean()])
        if self.spread[0] == 0:
            raise ValueError(
                "x: all examples are equal; clustering needs at least two distinct ones"
            )
        labels = kmeans.assign(flat, self.centroids)
        counts = np.bincount(labels, minlength=len(self.centroids))
        sums = np.bincount(labels, weights=y, minlength=len(self.centroids))
        self.targets = np.where(counts > 0, sums / np.maximum(counts, 1), np.mean(y))
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return, per example, the squared distances to its centroid and to the mean of train, both
        divided by the total variance of train, and the mean target of its cluster.
        """
        flat = _flat(x)
        labels = kmeans.assign(flat, self.centroids)
        own_distance = ((flat - self.centroids[labels]) ** 2).sum(axis=1) / self.spread
        mean_distance = ((flat - self.mean) ** 2).sum(axis=1) / self.spread
        return np.column_stack([own_distance, mean_distance, self.targets[labels]])

    @property
    def n_parameters(self) -> int:
        """Count the numbers of the centroids; the other arrays serve evaluation only."""
        return int(self.centroids.size)

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "centroids": self.centroids,
            "mean": self.mean,
            "spread": self.spread,
            "targets": self.targets,
        }

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.centroids, self.mean = arrays["centroids"], arrays["mean"]
        self.spread, self.targets = arrays["spread"], arrays["targets"]


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64)
