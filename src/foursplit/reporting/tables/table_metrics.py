"""Metrics of whole tables by split, with their intervals."""

from collections.abc import Mapping
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
    """A metric of one seed: `0.812 (0.790–0.834)` for each split that has it."""

    name: str
    seed: int
    cells: Mapping[str, str]
    baseline: str = ""  # on dev, where the metric has one


def rows(entry: ExperimentResult) -> list[TableMetric]:
    """Return a row for each metric and seed; empty where the task has none."""
    found = []
    for seed, summary in sorted(entry.summaries.items()):
        blocks = summary.get("table_metrics", {})
        for name in sorted({name for block in blocks.values() for name in block}):
            cells = {s: _cell(block[name]) for s, block in blocks.items() if name in block}
            shown = NAMES.get(name, name.replace("_", " "))
            baseline = blocks.get("dev", {}).get(name, {}).get("baseline")
            shown_baseline = "" if baseline is None else _number(baseline)
            found.append(TableMetric(name=shown, seed=seed, cells=cells, baseline=shown_baseline))
    return sorted(found, key=lambda row: row.name.casefold())


def _cell(block: Mapping[str, float]) -> str:
    value, lo, hi = (_number(block[end]) for end in ("value", "lo", "hi"))
    return f"{value} ({lo}–{hi})"


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
