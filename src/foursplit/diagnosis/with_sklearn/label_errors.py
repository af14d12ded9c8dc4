"""Which examples people should look at again for their labels: suspects, and a random draw.

Source: Northcutt, Jiang and Chuang (2021), Confident Learning: Estimating Uncertainty in Dataset
Labels.
"""

import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.label_checks import tolerance
from foursplit.diagnosis.prediction_table import PROBA, Table

SUSPECTED, RANDOM = "suspected", "random"

COLUMNS = ["example_id", "y", "y_hat", "quality", "why"]

Ranking = Literal["self_confidence", "normalized_margin"]


def suspects(
    table: Table,
    n: int = 50,
    *,
    rng: np.random.Generator,
    rank_by: Ranking = "self_confidence",
) -> pd.DataFrame:
    """List at most `n` suspected labels, worst first, and `n` other correct answers at random.

    The probabilities must come from models that were not trained on the example (dev, or
    out-of-fold for train): a model that memorised a wrong label trusts it.  The random part is
    there because labels are wrong under right answers too; an audit of suspects alone is biased.
    """
    frame = table.frame.sort_values("example_id", ignore_index=True)  # row order is no input
    classes = table.classes
    proba = _proba(table, frame)
    y = _codes(table, frame, classes)
    is_suspect, quality = _confident_learning(y, proba, rank_by)
    order = np.argsort(quality, kind="stable")
    worst = order[is_suspect[order]][:n]
    calm = np.flatnonzero(~is_suspect & ~frame["is_error"].to_numpy(bool))
    drawn = rng.choice(calm, size=min(n, len(calm)), replace=False)
    rows = np.concatenate([worst, drawn])
    answered = frame["y_hat"] if "y_hat" in frame else pd.Series(np.array(classes)[proba.argmax(1)])
    return pd.DataFrame(
        {
            "example_id": frame["example_id"].to_numpy(object)[rows],
            "y": frame["y"].to_numpy(object)[rows],
            "y_hat": answered.to_numpy(object)[rows],
            "quality": quality[rows],
            "why": [SUSPECTED] * len(worst) + [RANDOM] * len(drawn),
        },
        columns=COLUMNS,
    )


def _confident_learning(
    y: np.ndarray, proba: np.ndarray, rank_by: Ranking
) -> tuple[np.ndarray, np.ndarray]:
    """Say of each label whether it is suspect, and how good it is (0-1)."""
    from cleanlab.filter import find_label_issues  # type: ignore[import-untyped]
    from cleanlab.rank import get_label_quality_scores  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        # A class of one example, or of none, has no suspects: nothing a user could put right.
        warnings.filterwarnings("ignore", message="May not flag all label issues in class")
        # One process: starting others costs more than the work on any dev set.
        found: Any = find_label_issues(y, proba, filter_by="prune_by_noise_rate", n_jobs=1)
    quality = get_label_quality_scores(y, proba, method=rank_by)
    return np.asarray(found, dtype=bool), np.asarray(quality, dtype=np.float64)


def _proba(table: Table, frame: pd.DataFrame) -> np.ndarray:
    at = table.path or table.split
    if len(table.classes) < 2:
        raise FoursplitError(f"{at}: suspects need {PROBA}<class> columns, for two classes or more")
    proba = frame[[PROBA + name for name in table.classes]].to_numpy(np.float64)
    total = proba.sum(axis=1, keepdims=True)
    bad = np.flatnonzero(np.abs(total[:, 0] - 1) > tolerance(proba) + 1e-9)
    if len(bad):
        example = frame["example_id"].iloc[bad[0]]
        raise FoursplitError(
            f"{at}: probabilities of {example!r} sum to {total[bad[0], 0]:.3f}, not to 1"
        )
    return np.asarray(proba / total)


def _codes(table: Table, frame: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """Number the labels as the probability columns are; 1.0 in a file is the class 1."""
    at = table.path or table.split
    if "y" not in frame:
        raise FoursplitError(f"{at}: suspects need a column 'y'")
    y = frame["y"]
    if pd.api.types.is_float_dtype(y) and bool((y % 1 == 0).all()):
        y = y.astype(np.int64)
    number = {name: code for code, name in enumerate(classes)}
    codes = y.astype(str).map(number)
    if codes.isna().any():
        raise unknown_name("class", y[codes.isna()].iloc[0], classes, f"{at}: column 'y'")
    return codes.to_numpy(np.int64)
