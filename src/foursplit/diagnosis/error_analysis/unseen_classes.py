"""Classes that a split has and train never had.

No model can learn a class without an example: its error is neither variance nor a mismatch that
more of the same data would fix.

Source: Ng, DLS C3 W2 (training and testing on different distributions).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from foursplit.diagnosis.cell_values import text
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.recommendations.actions import Suggestion
from foursplit.diagnosis.recommendations.finding import Finding

NAMED = 5  # classes that a sentence names; the file has all


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenClasses:
    """A split's examples whose class train never had."""

    split: str
    classes: Mapping[str, int]  # examples of each, most frequent first
    n: int
    error: float  # on these
    share_of_error: float  # of the split's whole error

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "classes": dict(self.classes)}


def unseen_classes(tables: Mapping[str, PredictionTable]) -> list[UnseenClasses]:
    """List, for each split, the classes that train never had; none where `y` names no classes."""
    if "train" not in tables or not all(_has_classes(table) for table in tables.values()):
        return []
    labels = text(tables["train"].frame["y"]).dropna()
    if 2 * labels.nunique() > len(labels):  # names of single examples are not classes
        return []
    classes = set(labels)
    results = [_unseen(table, classes) for split, table in tables.items() if split != "train"]
    return [result for result in results if result.n]


def _has_classes(table: PredictionTable) -> bool:
    """Check whether `y` names classes: text, or numbers whose loss is 1 wherever y_hat differs."""
    if not table.has("y"):
        return False
    y = table.frame["y"]
    if pd.api.types.is_bool_dtype(y) or not pd.api.types.is_numeric_dtype(y):
        return True
    if not table.has("y_hat"):
        return False
    wrong = text(y).to_numpy(object) != text(table.frame["y_hat"]).to_numpy(object)
    return bool((table.loss == wrong).all())


def _unseen(table: PredictionTable, classes: set[str]) -> UnseenClasses:
    y = text(table.frame["y"])
    new = (y.notna() & ~y.isin(classes)).to_numpy(bool)
    counts = sorted(Counter(y[new]).items(), key=lambda count: (-count[1], count[0]))
    weighted_loss = table.loss * table.weight
    weight = float(table.weight[new].sum())
    return UnseenClasses(
        split=table.split,
        classes=dict(counts),
        n=int(new.sum()),
        error=float(weighted_loss[new].sum()) / weight if weight else 0.0,
        share_of_error=float(weighted_loss[new].sum() / weighted_loss.sum())
        if weighted_loss.any()
        else 0.0,
    )


def findings(unseen_classes: Sequence[UnseenClasses]) -> list[Finding]:
    """Name the classes that train never had."""
    return [
        Finding(
            code="ST032",
            severity="issue",
            evidence=(f"unseen_classes.{number}",),
            missing=f"train examples of {_named(new.classes)}",
            title=f"{new.n:,} examples of {new.split} are of "
            f"{_how_many(new.classes)} that train lacks, {_named(new.classes)}: "
            f"{new.error:.0%} of them are wrong, {new.share_of_error:.0%} of its error",
        )
        for number, new in enumerate(unseen_classes)
    ]


def suggestions(unseen_classes: Sequence[UnseenClasses], dev_error: float) -> list[Suggestion]:
    """Suggest adding examples of the classes that dev has and train never had."""
    return [
        Suggestion(
            action=f"add examples of {_named(new.classes)} to train, which has none",
            link="classes",
            gain=new.share_of_error * dev_error,
            evidence=f"unseen_classes.{number}",
            confirm_by="retrain with them, and score them and the rest of dev",
            stop_rule="their error falls towards the rest's; or they are out of scope",
            changes="examples",
        )
        for number, new in enumerate(unseen_classes)
        if new.split == "dev"
    ]


def _how_many(classes: Mapping[str, int]) -> str:
    return "a class" if len(classes) == 1 else f"{len(classes):,} classes"


def _named(classes: Mapping[str, int]) -> str:
    listed = [repr(name) for name in classes][:NAMED]
    more = f" and {len(classes) - NAMED:,} more" if len(classes) > NAMED else ""
    return ", ".join(listed) + more
