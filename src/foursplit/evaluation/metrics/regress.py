"""Columns of a regression's prediction table: |residual| over the interquartile range of train."""

from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.examples import DataShape

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "absolute_error": "absolute_error", "squared_error": "squared_error"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

TOLERANCE = 0.5  # interquartile ranges: an answer farther off than half of one counts as wrong


def answer(outputs: np.ndarray, shape: DataShape) -> np.ndarray:
    """Turn (example, 1) standardised outputs into (example,) quantities in their unit."""
    return outputs[:, 0].astype(np.float64) * shape.scale + shape.location


def columns(guess: np.ndarray, y: np.ndarray, shape: DataShape) -> "pd.DataFrame":
    """Score (example,) quantities against the truth."""
    import pandas as pd

    residual = guess - y
    loss = np.abs(residual) / shape.spread
    return pd.DataFrame(
        {
            "loss": loss,
            "is_error": loss > TOLERANCE,
            "weight": 1.0,
            "y": y,
            "y_hat": guess,
            "absolute_error": np.abs(residual),
            "squared_error": residual**2,
            "baseline_loss": np.abs(shape.location - y) / shape.spread,
        }
    )


def baseline(shape: DataShape) -> str:
    return f"always {shape.location:.4g}, the mean of train"
