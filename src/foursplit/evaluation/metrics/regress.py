"""Columns of a regression's prediction table: |residual| over the interquartile range of train."""

from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.examples import DataSpec

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "absolute_error": "absolute_error", "squared_error": "squared_error"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

ANSWERS = "quantity"
"""Which of the engine's metrics fit: those of quantities."""

TOLERANCE = 0.5  # interquartile ranges: an answer farther off than half of one counts as wrong


def postprocess(outputs: np.ndarray, shape: DataSpec) -> np.ndarray:
    """Turn (example, 1) standardised outputs into (example,) quantities in their unit."""
    return outputs[:, 0].astype(np.float64) * shape.target_std + shape.target_mean


def score_columns(guess: np.ndarray, y: np.ndarray, shape: DataSpec) -> "pd.DataFrame":
    """Score (example,) quantities against the truth."""
    import pandas as pd

    residual = guess - y
    loss = np.abs(residual) / shape.target_iqr
    return pd.DataFrame(
        {
            "loss": loss,
            "is_error": loss > TOLERANCE,
            "weight": 1.0,
            "y": y,
            "y_hat": guess,
            "absolute_error": np.abs(residual),
            "squared_error": residual**2,
            "baseline_loss": np.abs(shape.target_mean - y) / shape.target_iqr,
        }
    )


def baseline(shape: DataSpec) -> str:
    return f"always {shape.target_mean:.4g}, the mean of train"
