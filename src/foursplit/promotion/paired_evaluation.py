"""Paired comparison of champion and challenger on one split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.metrics.baseline import constant_frame
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.compare import compare_metric
from foursplit.diagnosis.prediction_table import Model, PredictionTable
from foursplit.diagnosis.selection.model_selection import SIGNS
from foursplit.diagnosis.stats.bootstrap import Sampling
from foursplit.diagnosis.stats.paired_comparison import (
    Comparison,
    SeedErrors,
    align_rows,
    compare_models,
)
from foursplit.diagnosis.stats.paired_tests import PairedLosses
from foursplit.diagnosis.stats.seed_variance import mean_table
from foursplit.promotion.gate_tables import BASELINE, TASK_LOSS
from foursplit.promotion.rules import Rules

N_RESAMPLES = 2000

EVALUATED_SPLITS = ("dev", "test")


class DifferentExamplesError(FoursplitError):
    """Champion and challenger were not scored on the same examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedEvaluation:
    """The paired comparison on one split, averaged over seeds and per seed."""

    table: PredictionTable  # of the challenger, averaged over seeds
    comparison: Comparison
    losses: PairedLosses
    alpha: float
    deviation: float | None = None  # of a whole table's metric: of the gain, over samples

    @property
    def p_superior(self) -> float:
        """Return the one-sided p-value of a gain."""
        half = self.comparison.p_value / 2
        return half if self.comparison.delta > 0 else 1 - half

    @property
    def is_better(self) -> bool:
        return self.comparison.delta > 0 and self.p_superior <= self.alpha

    @property
    def is_worse(self) -> bool:
        return self.comparison.delta < 0 and self.comparison.p_value / 2 <= self.alpha

    def numbers(self) -> dict[str, float]:
        gain = self.comparison
        return {"n": gain.n, "gain": gain.delta, "lo": gain.lo, "hi": gain.hi, "p": self.p_superior}


def require_tables(models: Sequence[Model], role: str) -> None:
    """Raise if a seed has no table of dev or test."""
    if not models:
        raise FoursplitError(f"{role}: no seed with tables")
    for model in models:
        for split in EVALUATED_SPLITS:
            if split not in model.tables:
                names = ", ".join(model.tables) or "none"
                raise FoursplitError(f"{role} {model.name}: no table of {split!r}; it has {names}")


def baseline_models(models: Sequence[Model], metric: ChosenMetric | None = None) -> list[Model]:
    """Return the baseline's tables on the challenger's examples; of `metric`, its best constant."""
    tables = {}
    for split in EVALUATED_SPLITS:
        table = models[0].tables[split]
        if metric is not None and "train" in models[0].tables:
            constant = constant_frame(metric, table.frame, models[0].tables["train"].frame)
            tables[split] = PredictionTable(split=split, frame=constant, path=table.path)
            continue
        if not table.has(BASELINE):
            raise FoursplitError(
                f"{table.path or split}: no column {BASELINE!r}; the first champion is compared "
                "with the baseline. Read the tables with foursplit.promotion.gate_tables."
            )
        tables[split] = _with_loss(table, BASELINE)
    return [Model(tables=tables, name="baseline")]


def with_task_loss(models: Sequence[Model]) -> list[Model]:
    """Return the tables in the unit of the baseline, the loss of the task."""
    return [
        Model(tables={s: _with_loss(t, TASK_LOSS) for s, t in m.tables.items()}, name=m.name)
        for m in models
    ]


def _with_loss(table: PredictionTable, column: str) -> PredictionTable:
    if not table.has(column):
        return table
    frame = table.frame.assign(loss=table.frame[column].astype(np.float64))
    return PredictionTable(split=table.split, frame=frame, path=table.path)


def evaluate_pair(
    split: str,
    champion: Sequence[Model],
    challenger: Sequence[Model],
    rules: Rules,
    rng: np.random.Generator,
) -> PairedEvaluation:
    """Compare on one split; rows are sorted by id, so their order in the files is irrelevant."""
    champion, challenger = (
        sorted(models, key=lambda model: model.name) for models in (champion, challenger)
    )
    order = champion[0].tables[split].by_name()
    try:
        champion_tables, challenger_tables = (
            [align_rows(model.tables[split], order) for model in models]
            for models in (champion, challenger)
        )
    except FoursplitError as error:
        raise DifferentExamplesError(f"{split}: {error}") from error
    before, after = mean_table(champion_tables), mean_table(challenger_tables)
    seeds = _errors(champion, champion_tables), _errors(challenger, challenger_tables)
    sign = SIGNS[rules.direction]
    first, second = (before, after) if sign > 0 else (after, before)
    deviation = None
    if rules.metric is not None:
        found = compare_metric(
            rules.metric,
            dict(zip(_names(champion), champion_tables, strict=True)),
            dict(zip(_names(challenger), challenger_tables, strict=True)),
            rng,
            Sampling(n_resamples=N_RESAMPLES, confidence=2 * rules.confidence - 1),
            as_error=False,
        )
        comparison, deviation, sign = found.comparison, found.deviation, 1
    else:
        comparison = compare_models(
            first,
            second,
            rng,
            confidence=2 * rules.confidence - 1,  # each end is a one-sided bound
            seeds=seeds if sign > 0 else (seeds[1], seeds[0]),
        )
    losses = PairedLosses(
        champion=np.stack([table.loss for table in champion_tables]) * sign,
        challenger=np.stack([table.loss for table in challenger_tables]) * sign,
        weight=before.weight,
        groups=before.groups,
        same_seeds=seeds[0].keys() == seeds[1].keys(),
    )
    return PairedEvaluation(
        table=after,
        comparison=comparison,
        losses=losses,
        alpha=1 - rules.confidence,
        deviation=deviation,
    )


def _errors(models: Sequence[Model], tables: Sequence[PredictionTable]) -> SeedErrors:
    keys = _names(models)
    return {key: table.error for key, table in zip(keys, tables, strict=True)}


def _names(models: Sequence[Model]) -> Sequence[Any]:
    names = [model.name for model in models]
    return names if len({*names}) == len(names) else range(len(names))
