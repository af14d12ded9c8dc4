"""Anomaly detection by a Gaussian density: independent inputs, or multivariate.

Source: Ng, MLS C3 W1 (a Gaussian for each feature) and ML 2011 (the multivariate one).
"""

from dataclasses import dataclass

from foursplit.core.examples import DataSpec
from foursplit_courses.from_scratch import gaussian_density
from foursplit_courses.from_scratch.anomaly_detector import AnomalyDetector, as_mixture


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    multivariate: bool = False  # true: full covariance, which detects unusual combinations


def build(args: Args, _shape: DataSpec, _seed: int) -> AnomalyDetector:
    """Return a detector; its threshold is chosen on dev."""
    fit_density = (
        gaussian_density.fit_multivariate if args.multivariate else gaussian_density.fit_independent
    )
    return AnomalyDetector(lambda x: as_mixture(fit_density(x)))
