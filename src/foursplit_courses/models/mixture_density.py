"""Anomaly detection by a mixture of Gaussians.

Source: Ng, CS229 lecture notes 7b and 8; Dempster, Laird and Rubin (1977).
"""

from dataclasses import dataclass

from foursplit.core.examples import DataSpec
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import mixture
from foursplit_courses.from_scratch.anomaly_detector import AnomalyDetector


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_components: int
    ridge: float = 1e-3  # times the variance of each input, added to the components' variances

    def __post_init__(self) -> None:
        check_at_least(self, n_components=1)
        if self.ridge < 0:
            raise ValueError(f"ridge: {self.ridge} must be 0 or more")


def build(args: Args, _shape: DataSpec, seed: int) -> AnomalyDetector:
    """Return a detector; its threshold is chosen on dev."""
    return AnomalyDetector(
        lambda x: mixture.fit(
            x, args.n_components, rng=generator("mixture", seed), ridge=args.ridge
        )
    )
