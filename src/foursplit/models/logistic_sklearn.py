"""Logistic regression with an L2 penalty, by scikit-learn.

Source: Ng, MLS C1 W3 (logistic regression with scikit-learn; regularisation).
"""

from dataclasses import dataclass
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from foursplit.core.examples import DataSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    C: float = 1.0  # inverse L2 penalty

    def __post_init__(self) -> None:
        if self.C <= 0:
            raise ValueError(f"C: {self.C} must be above 0")


def build(args: Args, _shape: DataSpec, _seed: int) -> Any:
    """Return an estimator with fit(x, y) and predict_proba(x)."""
    model = LogisticRegression(C=args.C, max_iter=1000)
    return make_pipeline(StandardScaler(), model)
