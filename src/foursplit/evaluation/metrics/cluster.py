"""Columns of a clustering's table: the share of the variance that its centroids do not explain.

An example's loss is its squared distance to the nearest centroid over the mean squared distance of
train to train's mean; the mean over train is inertia over the total sum of squares.  It may exceed
1 on other data.  No human level applies, and none is made up: more clusters always explain more,
down to an error of 0 with a cluster an example, so that avoidable bias stays unknown and a bound on
the number of parameters makes the choice.  Variance and mismatch mean what they always do: how much
farther examples lie from centroids that were not found for them, or for their domain.

The target takes no part in clustering.  `y_hat` is its mean in the cluster (on train): how much
being in a cluster tells of it.
"""

from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.examples import DataSpec

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "squared_error": "squared_error"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

HAS_RESIDUALS = False  # an answer is a centre, not a prediction of a quantity

TOLERANCE = (
    0.1  # an example that leaves more than a tenth of a usual one's variance counts as wrong
)

ABOUT = (
    "Error is the share of the variance that the centroids do not explain: squared distance to the "
    "nearest, over the mean squared distance of train to its mean. No human level applies: more "
    "clusters always explain more. So avoidable bias stays unknown, and a bound on the size makes "
    "the choice. A guess is the target's mean in the cluster; it took no part in finding that."
)
"""What error means here, where the word alone would mislead."""


HAS_HUMAN_LEVEL = False
"""Whether people's level is a thing that such answers have."""


def postprocess(outputs: np.ndarray, _shape: DataSpec) -> np.ndarray:
    """Return (example, 3) answers as they are."""
    return outputs


def score_columns(answers: np.ndarray, y: np.ndarray, _shape: DataSpec) -> "pd.DataFrame":
    """Score (example, 3): own share, share of one cluster, and the target's mean in the cluster."""
    import pandas as pd

    loss = answers[:, 0]
    return pd.DataFrame(
        {
            "loss": loss,
            "is_error": loss > TOLERANCE,
            "weight": 1.0,
            "y": y,
            "y_hat": answers[:, 2],
            "squared_error": (answers[:, 2] - y) ** 2,
            "baseline_loss": answers[:, 1],
        }
    )


def baseline(_shape: DataSpec) -> str:
    return "one cluster, the mean of train"
