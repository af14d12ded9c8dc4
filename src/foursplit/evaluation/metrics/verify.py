"""Columns of the prediction table of verification: pairs of examples, of the same class or not."""

from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.examples import DataSpec, Examples
from foursplit.diagnosis.stats.table_bootstrap import Columns
from foursplit.evaluation import table_statistics
from foursplit.evaluation.units import Units, joined_groups

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "missed": "missed", "false_accepts": "false_accepts"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

THRESHOLD = 1.0  # squared distance below which two examples count as of one class

ABOUT = "The unit is a pair: same class or not. Half of the pairs are, and no example is in two."

SAME, DIFFERENT = "same", "different"


def postprocess(outputs: np.ndarray, _shape: DataSpec) -> np.ndarray:
    """Return the (example, feature) encodings."""
    return outputs.astype(np.float64)


def units(examples: Examples, answers: np.ndarray, known: np.ndarray, _shape: DataSpec) -> Units:
    """Return the pairs by `pairs_of`; pairs that share a group, however indirectly, are one group.

    An answer is a pair's logit of being the same: the threshold minus the squared distance.
    """
    rows = examples.metadata
    first, second = pairs_of(known, rows["content"].to_numpy(str)).T
    ids = rows["example_id"].to_numpy(str)
    distance = ((answers[first] - answers[second]) ** 2).sum(axis=1)
    return Units(
        names=[f"{a}|{b}" for a, b in zip(ids[first], ids[second], strict=True)],
        examples=first,
        answers=THRESHOLD - distance,
        truth=known[first] == known[second],
        groups=joined_groups(rows["group_id"].to_numpy(str), first, second),
    )


def pairs_of(y: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Return (pair, 2) positions: as many pairs of one class as of two, no example in two pairs.

    The order of the contents' hashes decides, so that pairs depend on the examples alone.  In that
    order each class gives pairs of neighbours; every second of them is taken, and the examples of
    the others are paired across classes, the largest class first.
    """
    order = np.argsort(content, kind="stable")
    same: list[tuple[int, int]] = []
    rest: dict[int, list[int]] = {}
    take = True
    for label in np.unique(y).tolist():
        members = order[y[order] == label].tolist()
        for a, b in zip(members[::2], members[1::2], strict=False):
            if take:
                same.append((a, b))
            else:
                rest.setdefault(label, []).extend((a, b))
            take = not take
        if len(members) % 2:
            rest.setdefault(label, []).append(members[-1])
    different = _across(list(rest.values()))
    n = min(len(same), len(different))
    return np.array([*same[:n], *different[:n]], dtype=np.int64).reshape(-1, 2)


def _across(classes: list[list[int]]) -> list[tuple[int, int]]:
    """Pair examples of different classes: of the two largest, as often as there are two."""
    left = [members[::-1] for members in classes]
    pairs: list[tuple[int, int]] = []
    while True:
        left.sort(key=len, reverse=True)
        if len(left) < 2 or not left[1]:
            return pairs
        pairs.append((left[0].pop(), left[1].pop()))


def score_columns(logit: np.ndarray, same: np.ndarray, _shape: DataSpec) -> "pd.DataFrame":
    """Score (pair,) logits against the truth."""
    import pandas as pd

    says_same = logit > 0
    wrong = says_same != same
    return pd.DataFrame(
        {
            "loss": wrong.astype(np.float64),
            "is_error": wrong,
            "weight": 1.0,
            "y": np.where(same, SAME, DIFFERENT).astype(object),
            "y_hat": np.where(says_same, SAME, DIFFERENT).astype(object),
            "missed": (wrong & same).astype(np.float64),
            "false_accepts": (wrong & ~same).astype(np.float64),
            "baseline_loss": same.astype(np.float64),
            "stat.score": logit,
            "stat.same": same,
        }
    )


def equal_error_rate(columns: Columns) -> float:
    """Compute the rate of both kinds of errors at the threshold where they are equal."""
    score, same = (np.asarray(columns[f"stat.{name}"]) for name in ("score", "same"))
    return table_statistics.equal_error_rate(score, same.astype(bool))


TABLE_METRICS = {"equal_error_rate": equal_error_rate}
"""Metrics of whole tables."""


def baseline(_shape: DataSpec) -> str:
    return "always 'different', which is wrong for half of the pairs"
