"""Champion and challenger on the same examples of one split, seed by seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import Model, Table
from foursplit.diagnosis.selection.model_selection import SIGNS
from foursplit.diagnosis.stats.paired_comparison import Comparison, Seeds, align_rows, compare
from foursplit.diagnosis.stats.seed_variance import mean_table
from foursplit.promotion.paired_tests import Paired
from foursplit.promotion.prediction_tables import BASELINE, TASK_LOSS
from foursplit.promotion.rules import Rules

JUDGED = ("dev", "test")


class DifferentExamplesError(FoursplitError):
    """Champion and challenger were not scored on the same examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Both models on one split: averaged over seeds, and seed by seed."""

    table: Table  # the challenger's, seeds averaged
    found: Comparison
    losses: Paired
    alpha: float

    @property
    def p_better(self) -> float:
        """Give the chance of such a gain, or more, if there were none."""
        return self.found.p_value / 2 if self.found.delta > 0 else 1 - self.found.p_value / 2

    @property
    def better(self) -> bool:
        return self.found.delta > 0 and self.p_better <= self.alpha

    @property
    def worse(self) -> bool:
        return self.found.delta < 0 and self.found.p_value / 2 <= self.alpha

    def numbers(self) -> dict[str, float]:
        found = self.found
        return {
            "n": found.n, "gain": found.delta, "lo": found.lo, "hi": found.hi, "p": self.p_better
        }  # fmt: skip


def require(models: Sequence[Model], who: str) -> None:
    if not models:
        raise FoursplitError(f"{who}: no seed with tables")
    for model in models:
        for split in JUDGED:
            if split not in model.tables:
                have = ", ".join(model.tables) or "none"
                raise FoursplitError(f"{who} {model.name}: no table of {split!r}; it has {have}")


def baseline(models: Sequence[Model]) -> list[Model]:
    """Give the trivial predictor's tables on the challenger's examples."""
    made = {}
    for split in JUDGED:
        table = models[0].tables[split]
        if not table.has(BASELINE):
            raise FoursplitError(
                f"{table.path or split}: no column {BASELINE!r}; a first champion must beat the "
                "trivial baseline: read tables with foursplit.promotion.prediction_tables"
            )
        made[split] = _with_loss(table, BASELINE)
    return [Model(tables=made, name="baseline")]


def own(models: Sequence[Model]) -> list[Model]:
    """Give tables in the baseline's unit, the task's own loss."""
    return [
        Model(tables={s: _with_loss(t, TASK_LOSS) for s, t in m.tables.items()}, name=m.name)
        for m in models
    ]


def _with_loss(table: Table, column: str) -> Table:
    if not table.has(column):
        return table
    frame = table.frame.assign(loss=table.frame[column].astype(np.float64))
    return Table(split=table.split, frame=frame, path=table.path)


def match(
    split: str,
    champion: Sequence[Model],
    challenger: Sequence[Model],
    rules: Rules,
    rng: np.random.Generator,
) -> Match:
    """Compare on one split, in the order of the ids, so that the files' is no input."""
    champion, challenger = (sorted(m, key=lambda one: one.name) for m in (champion, challenger))
    order = champion[0].tables[split].by_name()
    try:
        old, new = (
            [align_rows(model.tables[split], order) for model in models]
            for models in (champion, challenger)
        )
    except FoursplitError as refusal:
        raise DifferentExamplesError(f"{split}: {refusal}") from refusal
    a, b = mean_table(old), mean_table(new)
    seeds = _errors(champion, old), _errors(challenger, new)
    sign = SIGNS[rules.direction]
    first, second = (a, b) if sign > 0 else (b, a)
    found = compare(
        first,
        second,
        rng,
        confidence=2 * rules.confidence - 1,  # each end of which is a one-sided bound
        seeds=seeds if sign > 0 else (seeds[1], seeds[0]),
    )
    losses = Paired(
        champion=np.stack([table.loss for table in old]) * sign,
        challenger=np.stack([table.loss for table in new]) * sign,
        weight=a.weight,
        groups=a.groups,
        same_seeds=seeds[0].keys() == seeds[1].keys(),
    )
    return Match(table=b, found=found, losses=losses, alpha=1 - rules.confidence)


def _errors(models: Sequence[Model], tables: Sequence[Table]) -> Seeds:
    names = [model.name for model in models]
    keys = names if len({*names}) == len(names) else range(len(names))
    return {key: table.error for key, table in zip(keys, tables, strict=True)}
