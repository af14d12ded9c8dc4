"""The metric that past runs are ranked by: a column of their tables, or one of the engine's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from foursplit import plugins
from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.seeds import generator
from foursplit.diagnosis.decomposition.decompose import estimate_error
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.estimate import estimate_metric
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.selection.example_weights import WeightRule
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.bootstrap import Estimate, Sampling
from foursplit.diagnosis.stats.seed_variance import add_seed_variance
from foursplit.evaluation import dev_scores
from foursplit.evaluation.group_metric import GroupMetric, args, engine_metrics, find_metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric, the weights of the examples that it is computed under, and which end is better."""

    name: str
    direction: str
    column: str = ""  # of the tables, whose mean it is
    chosen: ChosenMetric | None = None  # one of the engine's metrics, without a column
    rules: tuple[WeightRule, ...] = ()

    @property
    def of_table(self) -> ChosenMetric | None:
        """Return the metric if it is no mean over examples."""
        return self.chosen if self.chosen is not None and self.chosen.of_table else None

    def __str__(self) -> str:
        return " ".join([self.name, *(f"×{rule}" for rule in self.rules)])


def seed_table(path: Path, metric: Metric) -> PredictionTable:
    """Read a seed's table with the metric of each example as the loss, where it is a mean."""
    if metric.chosen is None:
        return dev_scores.seed_table(path, metric.column)
    whole = GroupMetric(name=metric.name, direction="minimize", chosen=metric.chosen)
    return dev_scores.dev_tables([path], whole)[0]


def value(metric: Metric, table: PredictionTable) -> float:
    """Return the metric of a seed's table under the table's weights, in its own unit."""
    if metric.of_table is None:
        return table.error
    chosen = metric.of_table
    found = chosen.metric.value(chosen.answers(table.frame), chosen.args)
    if isnan(found):
        raise FoursplitError(chosen.undefined(table.path))
    return found


def estimate(
    mean: PredictionTable,
    seeds: Sequence[PredictionTable],
    metric: Metric,
    config: DiagnosisConfig,
) -> Estimate:
    """Estimate the metric of a run from its seeds' tables and that of their mean losses."""
    settings = Settings(
        n_resamples=config.n_resamples, confidence=config.confidence, seed=config.seed
    )
    by_seed = [value(metric, table) for table in seeds]
    if metric.of_table is None:
        return _bounded(estimate_error("dev", mean, by_seed, settings), metric)
    found = estimate_metric(
        metric.of_table.metric,
        metric.of_table.args,
        [metric.of_table.answers(table.frame) for table in seeds],
        mean.groups,
        generator("diagnose", config.seed, "dev"),
        Sampling(n_resamples=config.n_resamples, confidence=config.confidence),
    )
    assert found is not None  # each seed's value is defined
    turn = _one_minus if metric.of_table.metric.direction == "maximize" else _unchanged
    bounded = metric.of_table.metric.kind == "classes"
    widened = add_seed_variance(
        _turned(found, turn),  # an error, which is never below 0
        [turn(seed) for seed in by_seed],
        generator("diagnose", config.seed, "seeds"),
        config.confidence,
        max_error=1.0 if bounded else None,
    )
    return _turned(widened, turn)


def _bounded(found: Estimate, metric: Metric) -> Estimate:
    """Return an estimate within 1 if all values of the mean are: a Brier score, not a cost."""
    known = metric.chosen.metric if metric.chosen else None
    if known is None or known.kind != "classes" or known.unit is not None:
        return found
    return replace(found, hi=min(found.hi, 1.0), replicates=np.minimum(found.replicates, 1.0))


def _one_minus(values: Any) -> Any:
    return 1 - values


def _unchanged(values: Any) -> Any:
    return values


def _turned(found: Estimate, turn: Callable[[Any], Any]) -> Estimate:
    lo, hi = sorted((turn(found.lo), turn(found.hi)))
    return replace(found, value=turn(found.value), lo=lo, hi=hi, replicates=turn(found.replicates))


def metric_of(group: ComparisonGroup, name: str, rules: tuple[WeightRule, ...]) -> Metric:
    """Find a metric of the group's task by its name or its column; raise with the valid ones."""
    known, offered = plugins.metrics(group.task), engine_metrics(group.task)
    names = {column: metric for metric, column in known.METRICS.items()}
    metric = names.get(name, name)
    if metric in known.METRICS:
        own = group.direction if metric == group.metric else None
        direction: str = own or known.DIRECTION
        return Metric(name=metric, column=known.METRICS[metric], direction=direction, rules=rules)
    if metric not in offered:
        raise unknown_name("metric", name, [*known.METRICS, *offered], f"task {group.task}")
    if metric == "recall_at_precision" != group.metric:
        raise FoursplitError(
            f"{metric} needs the threshold that dev chose for it, and the tables are those of "
            f"metric {group.metric!r}; choose recall or average_precision"
        )
    found = find_metric(group.task, metric, args(group))
    return Metric(name=metric, direction=found.direction, chosen=found.chosen, rules=rules)
