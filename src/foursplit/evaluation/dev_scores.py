"""A model's dev examples under one metric: the mean over its seeds, to compare one by one."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.prediction_table import PredictionTable, validate
from foursplit.diagnosis.selection.model_selection import TieRule
from foursplit.evaluation.group_choices import COSTS
from foursplit.evaluation.group_metric import GroupMetric, group_metric

if TYPE_CHECKING:
    import pandas as pd


def dev_tables(files: Sequence[Path], metric: GroupMetric) -> list[PredictionTable]:
    """Read one model's dev tables, a file a seed, with the metric of each example as the loss."""
    return [_validated(_read(path), path, metric) for path in files]


def _validated(frame: "pd.DataFrame", path: Path, metric: GroupMetric) -> PredictionTable:
    return validate(frame.assign(loss=metric.values(frame, str(path))), "dev", str(path))


def seed_table(path: Path, column: str) -> PredictionTable:
    """Read a table with `column` as the loss."""
    frame = _read(path)
    if column not in frame:
        raise unknown_name("column", column, map(str, frame.columns), str(path))
    return validate(frame.assign(loss=frame[column]), "dev", str(path))


def _read(path: Path) -> "pd.DataFrame":
    """Read Parquet whatever the file is called: a cache names files by content."""
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FoursplitError(f"{path}: not readable as Parquet ({reason})") from error


def costs(summaries: Iterable[dict[str, Any]]) -> dict[str, int | float | None]:
    """Return the largest of each cost over a model's seeds; None where one is not known."""
    manifests = [summary["manifest"] for summary in summaries]
    found: dict[str, int | float | None] = {}
    for cost in COSTS:
        values = [manifest[cost] for manifest in manifests]
        found[cost] = None if None in values else max(values)
    return found


def metric(summaries: Iterable[dict[str, Any]], name: str) -> float:
    """Return the mean of a metric on dev over a model's seeds."""
    return fmean(summary["metrics"]["dev"][name] for summary in summaries)


def tie_rule(group: ComparisonGroup, config: DiagnosisConfig, metric: str = "") -> TieRule:
    """Return when a cheaper candidate may take the place of the best.

    `min_gain` and `price` are in units of the group's metric: for another `metric` no loss is
    negligible, and no cost has a price.
    """
    return TieRule(
        margin=group.min_gain if metric in ("", group.metric) else 0.0,
        alpha=config.tie_probability,
        confidence=config.confidence,
        n_resamples=config.n_resamples,
        seed=config.seed,
        price=group.price if metric in ("", group.metric) else {},
        metric=_of_table(group) if metric in ("", group.metric) else None,
    )


def _of_table(group: ComparisonGroup) -> ChosenMetric | None:
    metric = group_metric(group)
    return metric.chosen if metric.of_table else None
