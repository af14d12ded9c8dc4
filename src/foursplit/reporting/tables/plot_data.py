"""Tables for `dvc plots`: errors on dev, and learning curves."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from foursplit.evaluation.results import ExperimentResult

CURVES = ("epoch", "train_loss", "train_dev_loss", "dev_loss", "train_dev_error", "dev_error")


def errors(entries: Sequence[ExperimentResult]) -> str:
    """Return a CSV with one row per experiment: its error on dev."""
    return _csv(
        ("experiment", "error"), ((entry.key, _number(entry.error("dev"))) for entry in entries)
    )


def curves(entry: ExperimentResult) -> str | None:
    """Return a CSV of the first seed's training curve; None for a model without epochs."""
    rows = [row for row in entry.curves(min(entry.summaries)) if "dev_error" in row]
    if not rows:
        return None
    table = ([int(row["epoch"]), *(_number(row.get(name)) for name in CURVES[1:])] for row in rows)
    return _csv(CURVES, table)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


def _csv(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
