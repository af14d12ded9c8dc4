"""Metrics of whole tables by split, with their intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from foursplit.evaluation.results import ExperimentResult

DIGITS = 6

CELL = "{value:.3f} ({lo:.3f}–{hi:.3f})"

NAMES = {"map_50": "mAP at IoU 0.5", "bleu": "BLEU"}
"""What people call a metric, where it is not its name with spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMetric:
    """A metric of one seed: `0.812 (0.790–0.834)` for each split that has it."""

    name: str
    seed: int
    cells: Mapping[str, str]


def rows(entry: ExperimentResult) -> list[TableMetric]:
    """Return a row for each metric and seed; empty where the task has none."""
    found = []
    for seed, summary in sorted(entry.summaries.items()):
        blocks = summary.get("table_metrics", {})
        for name in sorted({name for block in blocks.values() for name in block}):
            cells = {s: CELL.format(**block[name]) for s, block in blocks.items() if name in block}
            shown = NAMES.get(name, name.replace("_", " "))
            found.append(TableMetric(name=shown, seed=seed, cells=cells))
    return sorted(found, key=lambda row: row.name.casefold())


def for_metrics_file(entry: ExperimentResult) -> dict[str, Any]:
    """Return the values on dev, means over the seeds; of one seed with the interval."""
    blocks = [s.get("table_metrics", {}).get("dev", {}) for s in entry.summaries.values()]
    names = [name for name in blocks[0] if all(name in block for block in blocks)]
    found: dict[str, Any] = {}
    for name in names:
        found[name] = {"value": fmean(block[name]["value"] for block in blocks)}
        if len(blocks) == 1:
            found[name] |= {end: blocks[0][name][end] for end in ("lo", "hi")}
        found[name] = {key: round(value, DIGITS) for key, value in found[name].items()}
    return {"table_metrics": found} if found else {}
