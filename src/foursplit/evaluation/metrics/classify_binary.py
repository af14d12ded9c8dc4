"""Columns of a two-class prediction table; as for several classes, from one log-odds."""

import numpy as np

from foursplit.core.examples import DataSpec
from foursplit.evaluation.metrics.classify import (
    ANSWERS,
    DIRECTION,
    METRICS,
    baseline,
    score_columns,
)

__all__ = ["ANSWERS", "DIRECTION", "METRICS", "baseline", "postprocess", "score_columns"]


def postprocess(outputs: np.ndarray, _shape: DataSpec) -> np.ndarray:
    """Turn (example, 1) log-odds of the second class into (example, class) probabilities."""
    odds = outputs[:, 0].astype(np.float64)
    second = 0.5 * (1 + np.tanh(odds / 2))  # the sigmoid, without overflow
    return np.stack([1 - second, second], axis=1)
