"""Examples whose labels people should check: suspected label errors, and a random sample.

Source: Northcutt, Jiang and Chuang (2021), Confident Learning: Estimating Uncertainty in Dataset
Labels.
"""

import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.label_checks import tolerance
from foursplit.diagnosis.prediction_table import PROBA, PredictionTable

SUSPECTED, RANDOM = "suspected", "random"

COLUMNS = ["example_id", "y", "y_hat", "quality", "why"]

Ranking = Literal["self_confidence", "normalized_margin"]


def suspected_labels(
    table: PredictionTable,
    n: int = 50,
    *,
    rng: np.random.Generator,
    rank_by: Ranking = "self_confidence",
) -> pd.DataFrame:
    """Return at most `n` suspected labels, worst first, and `n` other correct answers at random.

    The probabilities must come from models that were not trained on the example (dev, or
    out-of-fold for train): a model that memorised a wrong label trusts it.  The random sample is
    needed because correct answers have wrong labels too: an audit of suspects alone is biased.
    """
    # Sorted, so that the order of rows changes nothing.
    frame = table.frame.sort_values("example_id", ignore_index=True)
    classes = table.classes
    proba = _proba(table, frame)
    y = _codes(table, frame, classes)
    is_suspect, quality = _confident_learning(y, proba, rank_by)
    order = np.argsort(quality, kind="stable")
    suspected = order[is_suspect[order]][:n]
    unsuspected = np.flatnonzero(~is_suspect & ~frame["is_error"].to_numpy(bool))
    sample = rng.choice(unsuspected, size=min(n, len(unsuspected)), replace=False)
    rows = np.concatenate([suspected, sample])
    y_hat = frame["y_hat"] if "y_hat" in frame else pd.Series(np.array(classes)[proba.argmax(1)])
    return pd.DataFrame(
        {
            "example_id": frame["example_id"].to_numpy(object)[rows],
            "y": frame["y"].to_numpy(object)[rows],
            "y_hat": y_hat.to_numpy(object)[rows],
            "quality": quality[rows],
            "why": [SUSPECTED] * len(suspected) + [RANDOM] * len(sample),
        },
        columns=COLUMNS,
    )


def _confident_learning(
    y: np.ndarray, proba: np.ndarray, rank_by: Ranking
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each label is suspected, and its quality (0-1)."""
    from cleanlab.filter import find_label_issues  # type: ignore[import-untyped]
    from cleanlab.rank import get_label_quality_scores  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        # A class with at most one example has no suspects, and a user cannot fix that.
        warnings.filterwarnings("ignore", message="May not flag all label issues in class")
        # One process: starting others takes longer than the work on any dev set.
        is_suspect: Any = find_label_issues(y, proba, filter_by="prune_by_noise_rate", n_jobs=1)
    quality = get_label_quality_scores(y, proba, method=rank_by)
    return np.asarray(is_suspect, dtype=bool), np.asarray(quality, dtype=np.float64)


def _proba(table: PredictionTable, frame: pd.DataFrame) -> np.ndarray:
    location = table.path or table.split
    if len(table.classes) < 2:
        raise FoursplitError(
            f"{location}: suspected labels need {PROBA}<class> columns for two or more classes"
        )
    proba = frame[[PROBA + name for name in table.classes]].to_numpy(np.float64)
    total = proba.sum(axis=1, keepdims=True)
    bad = np.flatnonzero(np.abs(total[:, 0] - 1) > tolerance(proba) + 1e-9)
    if len(bad):
        example = frame["example_id"].iloc[bad[0]]
        raise FoursplitError(
            f"{location}: probabilities of {example!r} sum to {total[bad[0], 0]:.3f}, not 1"
        )
    return np.asarray(proba / total)


def _codes(table: PredictionTable, frame: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """Return the codes of labels in the order of the probability columns; 1.0 is class 1."""
    location = table.path or table.split
    if "y" not in frame:
        raise FoursplitError(f"{location}: suspected labels need a column 'y'")
    y = frame["y"]
    if pd.api.types.is_float_dtype(y) and bool((y % 1 == 0).all()):
        y = y.astype(np.int64)
    number = {name: code for code, name in enumerate(classes)}
    codes = y.astype(str).map(number)
    if codes.isna().any():
        raise unknown_name("class", y[codes.isna()].iloc[0], classes, f"{location}: column 'y'")
    return codes.to_numpy(np.int64)
