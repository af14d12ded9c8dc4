"""Linear regression by least squares, with scikit-learn.

Source: Ng, MLS C1 W2 (normal equation; linear regression with scikit-learn).
"""

from dataclasses import dataclass
from typing import Any

from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from foursplit.core.examples import DataSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set: nothing, since least squares has one solution."""


def build(_args: Args, _shape: DataSpec, _seed: int) -> Any:
    """Return an estimator with fit(x, y) and predict(x) in the unit of the target."""
    return make_pipeline(StandardScaler(), LinearRegression())
