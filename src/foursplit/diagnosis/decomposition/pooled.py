"""Train-dev and dev as one sample, where a data set declares one distribution.

Both are then draws of train's distribution, so variance is measured on both together, and their
difference is chance; if it is more, the declaration or the split is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.decomposition.ledger import UNSEEN, Gap, between
from foursplit.diagnosis.prediction_table import Model, PredictionTable
from foursplit.diagnosis.stats.bootstrap import Estimate

SPLITS = ("train_dev", "dev")
"""The splits that are pooled."""

DIFFER = 0.01  # of data sets of one distribution are said not to be: of a hundred experiments, one

COLUMNS = {"example_id", "loss", "weight", "is_error", "y", "y_hat", "margin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDifference:
    """Dev error minus train-dev error where both are of one distribution.

    `p_value` is two-sided.  `significant`: that of chance alone is below `DIFFER`.
    """

    gap: Gap
    p_value: float

    @property
    def significant(self) -> bool:
        return self.p_value < DIFFER

    @property
    def sentence(self) -> str:
        gap = self.gap
        interval = "" if gap.lo is None else f" ({gap.lo:+.1%} to {gap.hi:+.1%})"
        if self.significant:
            why = "more than chance: check the split, duplicates and order"
        else:
            why = "chance"
        return (
            "Train-dev and dev are draws of one distribution. Dev error minus train-dev error is "
            f"{gap.value:+.1%}{interval}: {why} (p = {self.p_value:.2g})."
        )

    def as_json(self) -> dict[str, Any]:
        return {
            **self.gap.interval(),
            "p_value": self.p_value,
            "significant": self.significant,
            "sentence": self.sentence,
        }


def add_pooled(models: Sequence[Model]) -> list[Model]:
    """Return the models with a table of train-dev and dev together, where all have both."""
    if not all({*SPLITS} <= {*model.tables} for model in models):
        return [*models]
    return [
        Model(tables={**model.tables, UNSEEN: pool(model.tables)}, name=model.name)
        for model in models
    ]


def pool(tables: Mapping[str, PredictionTable]) -> PredictionTable:
    """Return one table of both splits; an example without a group is a group of its own."""
    both = [tables[split] for split in SPLITS]
    names = [*map(str, both[0].frame)]
    known = [name for name in names if _is_read(name) and both[1].has(name)]
    frame = pd.concat([table.frame[known] for table in both], ignore_index=True)
    if any(table.has("group_id") for table in both):
        frame["group_id"] = _groups(both)
    return PredictionTable(split=UNSEEN, frame=frame)


def _is_read(name: str) -> bool:
    """Return whether an error or a metric of whole tables is computed from a column."""
    return name in COLUMNS or name.startswith("proba_")


def _groups(tables: Sequence[PredictionTable]) -> np.ndarray:
    """Number the groups of both tables; a group that is in both is one."""
    if all(table.has("group_id") for table in tables):
        return np.asarray(pd.factorize(pd.concat([t.frame["group_id"] for t in tables]))[0])
    first, second = (table.groups for table in tables)
    return np.concatenate([first, second + first.max() + 1])


def compare_splits(errors: Mapping[str, Estimate], confidence: float) -> SplitDifference | None:
    """Compare dev with train-dev; None where they are not pooled."""
    if UNSEEN not in errors:
        return None
    gap = between("train_dev_to_dev", errors["train_dev"], errors["dev"], confidence)
    draws = gap.replicates if gap.replicates is not None else np.zeros(1)
    below = min(float(np.mean(draws <= 0)), float(np.mean(draws >= 0)))
    return SplitDifference(gap=gap, p_value=min(1.0, 2 * max(below, 1 / len(draws))))
