"""Columns of an anomaly detector's table: both classes weigh the same, however rare one is.

With three anomalies in a hundred, "never" errs by 3 %, and 0/1 errors rank detectors by chance.  So
each class has half of the weight, within the table: the error is the mean of the share of missed
anomalies and the share of false alarms, and never flagging (or always) errs by a half.  Precision,
recall and F1, by which the threshold is chosen, are reported besides; they are of whole tables and
no mean over examples, so that no ledger can be drawn up in them.

Where a table holds one class alone, all its weight is that class's: a train split without anomalies
measures false alarms only, and a gap from there to dev is of another error, not of variance.
"""

from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.examples import DataSpec

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

HAS_RESIDUALS = False  # the truth is normal or anomalous

LEARNS_LABELS = False
"""Training sees no labels: that train has no anomalies is no fault of it (Ng, MLS C3 W1)."""

FOUND = ("anomalous", "flagged")
"""Columns with the truth and the answer, from which precision, recall and F1 are counted."""

ABOUT = (
    "Both classes weigh the same: error is the mean of the share of missed anomalies and the share "
    "of false alarms. Where a split holds no anomaly, as train may, its error is of false alarms "
    "alone, and a gap from there holds the misses too. A density's threshold is chosen on dev by "
    "F1, so that dev flatters it a little; test does not."
)
"""What error means here, where the word alone would mislead."""


def postprocess(outputs: np.ndarray, _shape: DataSpec) -> np.ndarray:
    """Turn (example, 1) log-odds of an anomaly into (example,) margins."""
    return outputs[:, 0].astype(np.float64)


def score_columns(answers: np.ndarray, y: np.ndarray, shape: DataSpec) -> "pd.DataFrame":
    """Score (example,) margins, above 0 flagged, or a classifier's (example, 2) probabilities."""
    import pandas as pd

    margin = answers[:, 1] - answers[:, 0] if answers.ndim == 2 else answers
    truth, flagged = y.astype(np.int64) == 1, margin > 0
    names = np.array(shape.classes, dtype=object)
    wrong = truth != flagged
    return pd.DataFrame(
        {
            "loss": wrong.astype(np.float64),
            "is_error": wrong,
            "weight": weights(truth),
            "y": names[truth.astype(np.int64)],
            "y_hat": names[flagged.astype(np.int64)],
            "margin": margin,
            "anomalous": truth,
            "flagged": flagged,
            "baseline_loss": truth.astype(np.float64),
        }
    )


def weights(truth: np.ndarray) -> np.ndarray:
    """Return each class of (example,) half of the weight, in units of an example's mean weight."""
    share = float(truth.mean())
    if share in (0.0, 1.0):
        return np.ones(len(truth))
    return np.where(truth, 0.5 / share, 0.5 / (1 - share))


def baseline(_shape: DataSpec) -> str:
    return "never flags anything"
