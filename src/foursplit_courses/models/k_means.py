"""K-means from scratch, with k-means++ initialization and restarts.

Source: Ng, MLS C3 W1.
"""

from dataclasses import dataclass

from foursplit.core.examples import DataSpec
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import kmeans
from foursplit_courses.from_scratch.kmeans_estimator import KMeansEstimator


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_clusters: int
    n_init: int = 5

    def __post_init__(self) -> None:
        check_at_least(self, n_clusters=1, n_init=1)


def build(args: Args, _shape: DataSpec, seed: int) -> KMeansEstimator:
    """Return a k-means estimator, the best of `n_init` runs."""
    return KMeansEstimator(
        lambda x: (
            kmeans.fit(
                x, args.n_clusters, rng=generator("k-means", seed), n_init=args.n_init
            ).centroids
        )
    )
