"""Columns of a classification's prediction table: 0/1 loss, with log-loss beside it."""

from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.examples import DataSpec

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "log_loss": "log_loss"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

ANSWERS = "classes"
"""Which of the engine's metrics fit: those of classes."""

TINY = 1e-15  # a probability of 0 for what happened would make the mean infinite


def postprocess(outputs: np.ndarray, _shape: DataSpec) -> np.ndarray:
    """Turn (example, class) logits into probabilities."""
    shifted = outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=1, keepdims=True)


def score_columns(proba: np.ndarray, y: np.ndarray, shape: DataSpec) -> "pd.DataFrame":
    """Score (example, class) probabilities against class numbers."""
    import pandas as pd

    y = y.astype(np.int64)
    y_hat = proba.argmax(axis=1)
    wrong = y_hat != y
    names = np.array(shape.classes, dtype=object)
    table = pd.DataFrame(
        {
            "loss": wrong.astype(np.float64),
            "is_error": wrong,
            "weight": 1.0,
            "y": names[y],
            "y_hat": names[y_hat],
            "log_loss": -np.log(np.maximum(proba[np.arange(len(y)), y], TINY)),
            "baseline_loss": (y != shape.majority_class).astype(np.float64),
        }
    )
    for number, name in enumerate(shape.classes):
        table[f"proba_{name}"] = proba[:, number]
    return table


def baseline(shape: DataSpec) -> str:
    return f"always {shape.classes[shape.majority_class]!r}, the class most frequent in train"
