"""Logistic regression with an L2 penalty, as scikit-learn does it.

Source: Ng, MLS C1 W3 (logistic regression with scikit-learn; regularisation).
"""

from dataclasses import dataclass
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from foursplit.core.examples import DataShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    inverse_penalty: float = 1.0  # scikit-learn's C; the smaller, the stronger the penalty

    def __post_init__(self) -> None:
        if self.inverse_penalty <= 0:
            raise ValueError(f"inverse_penalty: {self.inverse_penalty} must be above 0")


def build(args: Args, _shape: DataShape, _seed: int) -> Any:
    """Give an estimator with fit(x, y) and predict_proba(x)."""
    model = LogisticRegression(C=args.inverse_penalty, max_iter=1000)
    return make_pipeline(StandardScaler(), model)
