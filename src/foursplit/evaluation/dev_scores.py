"""A model's dev examples under one metric: the mean over its seeds, to compare one by one."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.prediction_table import PredictionTable, validate
from foursplit.diagnosis.selection.model_selection import TieRule
from foursplit.diagnosis.stats.seed_variance import mean_table
from foursplit.evaluation.group_choices import COSTS


def dev_table(files: Sequence[Path], column: str) -> PredictionTable:
    """Read one model's dev tables, a file a seed, with `column` as the loss, and average them."""
    return mean_table([seed_table(path, column) for path in files])


def seed_table(path: Path, column: str) -> PredictionTable:
    """Read Parquet whatever the file is called: a cache names files by content."""
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FoursplitError(f"{path}: not readable as Parquet ({reason})") from error
    if column not in frame:
        raise unknown_name("column", column, map(str, frame.columns), str(path))
    return validate(frame.assign(loss=frame[column]), "dev", str(path))


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
    )
