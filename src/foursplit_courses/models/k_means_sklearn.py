"""K-means by scikit-learn.

Source: Ng, MLS C3 W1.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans

from foursplit.core.examples import DataSpec
from foursplit.core.seeds import derive_seed
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.kmeans_estimator import KMeansEstimator


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_clusters: int
    n_init: int = 5

    def __post_init__(self) -> None:
        check_at_least(self, n_clusters=1, n_init=1)


def build(args: Args, _shape: DataSpec, seed: int) -> KMeansEstimator:
    """Return an estimator that predicts as ours does; scikit-learn's `predict` lacks distances."""

    def find_centroids(x: np.ndarray) -> np.ndarray:
        random_state = derive_seed("k-means of scikit-learn", seed) % 2**32
        model = KMeans(args.n_clusters, n_init=args.n_init, random_state=random_state)
        centroids: np.ndarray = model.fit(x).cluster_centers_
        return centroids

    return KMeansEstimator(find_centroids)
