"""K-means from first principles: a spread-out start, restarts, and no empty cluster.

Source: Ng, MLS C3 W1.
"""

from dataclasses import dataclass

from foursplit.core.examples import DataShape
from foursplit.core.seeds import generator
from foursplit_courses.from_scratch import kmeans
from foursplit_courses.from_scratch.kmeans_estimator import Clusters


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_clusters: int
    n_restarts: int = 5

    def __post_init__(self) -> None:
        for name in ("n_clusters", "n_restarts"):
            value = getattr(self, name)
            if value < 1:
                raise ValueError(f"{name}: {value} must be at least 1")


def build(args: Args, _shape: DataShape, seed: int) -> Clusters:
    """Give clusters that are found anew from each restart."""
    return Clusters(
        lambda x: (
            kmeans.fit(
                x, args.n_clusters, rng=generator("k-means", seed), n_restarts=args.n_restarts
            ).centroids
        )
    )
