"""Anomalies by a Gaussian density of what is usual: one for each input, or one for all together.

Source: Ng, MLS C3 W1 (a Gaussian for each feature) and ML 2011 (the multivariate one).
"""

from dataclasses import dataclass

from foursplit.core.examples import DataShape
from foursplit_courses.from_scratch import gaussian_density
from foursplit_courses.from_scratch.anomaly_detector import Detector, single


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    multivariate: bool = False  # true: covariances too, so that an odd combination is odd


def build(args: Args, _shape: DataShape, _seed: int) -> Detector:
    """Give a detector whose threshold is chosen on dev."""
    learn = gaussian_density.multivariate if args.multivariate else gaussian_density.independent
    return Detector(lambda x: single(learn(x)))
