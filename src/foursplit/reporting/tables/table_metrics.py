"""Metrics of whole tables by split, with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from foursplit.diagnosis.metrics.metric import METRICS
from foursplit.evaluation.results import ExperimentResult

DIGITS = 6

NAMES = {
    "map_50": "mAP at IoU 0.5",
    "bleu": "BLEU",
    **{name: metric.title for name, metric in METRICS.items()},
}
"""What people call a metric, where it is not its name with spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMetric:
    """A metric: `0.812 (0.790–0.834)` for each split that has it."""

    name: str
    cells: Mapping[str, str]
    baseline: str = ""  # on dev, where the metric has one


def rows(entry: ExperimentResult) -> list[TableMetric]:
    """Return a row for each metric; empty where the task has none.

    In brackets is the interval of the one seed, or the lowest and highest of several.
    """
    by_split: dict[str, dict[str, list[Mapping[str, float]]]] = {}
    for summary in entry.summaries.values():
        for split, block in summary.get("table_metrics", {}).items():
            for name, values in block.items():
                by_split.setdefault(name, {}).setdefault(split, []).append(values)
    found = []
    for name, splits in by_split.items():
        baseline = next((seed.get("baseline") for seed in splits.get("dev", ())), None)
        found.append(
            TableMetric(
                name=NAMES.get(name, name.replace("_", " ")),
                cells={split: _cell(seeds) for split, seeds in splits.items()},
                baseline="" if baseline is None else _number(baseline),
            )
        )
    return sorted(found, key=lambda row: row.name.casefold())


def _cell(seeds: Sequence[Mapping[str, float]]) -> str:
    values = [seed["value"] for seed in seeds]
    ends = (min(values), max(values)) if len(seeds) > 1 else (seeds[0]["lo"], seeds[0]["hi"])
    return f"{_number(fmean(values))} ({_number(ends[0])}–{_number(ends[1])})"


def _number(value: float) -> str:
    """Format three decimals, or four digits of what is above 10."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.4g}"


def for_metrics_file(entry: ExperimentResult) -> dict[str, Any]:
    """Return the values on dev, means over the seeds; of one seed with the interval."""
    blocks = [s.get("table_metrics", {}).get("dev", {}) for s in entry.summaries.values()]
    # The engine's metrics are on the page and in MLflow; here they would be most of the file.
    names = [
        name for name in blocks[0] if name not in METRICS and all(name in block for block in blocks)
    ]
    found: dict[str, Any] = {}
    for name in names:
        found[name] = {"value": fmean(block[name]["value"] for block in blocks)}
        if len(blocks) == 1:
            found[name] |= {end: blocks[0][name][end] for end in ("lo", "hi")}
        found[name] = {key: round(value, DIGITS) for key, value in found[name].items()}
    return {"table_metrics": found} if found else {}
