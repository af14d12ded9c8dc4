"""Classes that a split has and train never had.

No model can learn a class without an example: its error is no variance, and no mismatch that more
of the same data would mend.

Source: Ng, DLS C3 W2 (training and testing on different distributions).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from foursplit.diagnosis.cell_values import text
from foursplit.diagnosis.prediction_table import Table
from foursplit.diagnosis.recommendations.actions import Found
from foursplit.diagnosis.steps import Finding

NAMED = 5  # classes that a sentence names; the file has all


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A split's examples whose class train never had."""

    split: str
    classes: Mapping[str, int]  # examples of each, most frequent first
    n: int
    error: float  # on these
    share_of_error: float  # of the split's whole error

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "classes": dict(self.classes)}


def unseen(tables: Mapping[str, Table]) -> list[Unseen]:
    """List, split by split, the classes that train never had; nothing where labels are none."""
    if "train" not in tables or not all(_has_classes(table) for table in tables.values()):
        return []
    known = text(tables["train"].frame["y"]).dropna()
    if 2 * known.nunique() > len(known):  # names of single examples are no classes
        return []
    found = [_of(table, set(known)) for split, table in tables.items() if split != "train"]
    return [one for one in found if one.n]


def _has_classes(table: Table) -> bool:
    """Check whether `y` names classes: words, or numbers for which all but equal is wrong."""
    if not table.has("y"):
        return False
    y = table.frame["y"]
    if pd.api.types.is_bool_dtype(y) or not pd.api.types.is_numeric_dtype(y):
        return True
    if not table.has("y_hat"):
        return False
    wrong = text(y).to_numpy(object) != text(table.frame["y_hat"]).to_numpy(object)
    return bool((table.loss == wrong).all())


def _of(table: Table, known: set[str]) -> Unseen:
    y = text(table.frame["y"])
    new = (y.notna() & ~y.isin(known)).to_numpy(bool)
    counts = sorted(Counter(y[new]).items(), key=lambda one: (-one[1], one[0]))
    lost = table.loss * table.weight
    weight = float(table.weight[new].sum())
    return Unseen(
        split=table.split,
        classes=dict(counts),
        n=int(new.sum()),
        error=float(lost[new].sum()) / weight if weight else 0.0,
        share_of_error=float(lost[new].sum() / lost.sum()) if lost.any() else 0.0,
    )


def findings(told: Mapping[str, Any]) -> list[Finding]:
    """Name the classes that train never had."""
    return [
        Finding(
            code="ST032", severity="issue", evidence=(f"unseen_classes.{place}",),
            missing=f"train examples of {_named(one['classes'])}",
            title=f"{one['n']:,} examples of {one['split']} are of "
            f"{_how_many(one['classes'])} that train never had, {_named(one['classes'])}: of "
            f"these {one['error']:.0%} are wrong, {one['share_of_error']:.0%} of its error",
        )
        for place, one in enumerate(told.get("unseen_classes", []))
    ]  # fmt: skip


def proposals(told: Mapping[str, Any]) -> list[Found]:
    """Propose examples of the classes that dev has and train never had."""
    return [
        Found(
            action=f"put examples of {_named(one['classes'])} into train, which never had any",
            link="classes",
            gain=one["share_of_error"] * told["splits"]["dev"]["value"],
            evidence=f"unseen_classes.{place}",
            confirm_by="train again with them, and score them and the rest of dev",
            stop_rule="their error falls towards the rest's; or they are not what it is made for",
        )
        for place, one in enumerate(told.get("unseen_classes", []))
        if one["split"] == "dev"
    ]


def _how_many(classes: Mapping[str, int]) -> str:
    return "a class" if len(classes) == 1 else f"{len(classes):,} classes"


def _named(classes: Mapping[str, int]) -> str:
    listed = [repr(name) for name in classes][:NAMED]
    more = f" and {len(classes) - NAMED:,} more" if len(classes) > NAMED else ""
    return ", ".join(listed) + more
