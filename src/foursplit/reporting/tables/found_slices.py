"""Slices that a search found, beside what other examples say of them."""

from collections.abc import Mapping
from typing import Any

from foursplit.diagnosis.slices import slice_report
from foursplit.reporting.numbers import error_interval, percent, signed


def shown(report: Mapping[str, Any]) -> dict[str, Any]:
    """Write a search's report as a page shows it."""
    return {**report, "rows": [_row(row) for row in report["slices"]]}


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    judged = row["blackbox"]
    return {
        "where": slice_report.describe(row["where"]),
        "found": percent(row["eyeball"]["value"]),
        "judged": "no example" if judged is None else percent(judged["value"]),
        "interval": "" if judged is None else error_interval(judged["lo"], judged["hi"]),
        "rest": "" if row["rest"] is None else percent(row["rest"]),
        "gain": "" if row["recoverable"] is None else signed(row["recoverable"]),
        "q": "below 0.001" if row["q"] < 0.001 else f"{row['q']:.3f}",
        "confirmed": row["confirmed"],
    }
