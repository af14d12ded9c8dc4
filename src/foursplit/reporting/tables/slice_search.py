"""Rows of the slice search: slices found on one half of dev, confirmed on the other."""

from collections.abc import Mapping
from typing import Any

from foursplit.diagnosis.slices import slice_report
from foursplit.reporting.numbers import error_interval, percent, signed


def format_report(report: Mapping[str, Any]) -> dict[str, Any]:
    """Format the report of a slice search for a page."""
    return {**report, "rows": [_row(row) for row in report["slices"]]}


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    confirmation = row["blackbox"]
    return {
        "slice": slice_report.describe_slice(row["where"]),
        "search_error": percent(row["eyeball"]["value"]),
        "confirmation_error": (
            "no example" if confirmation is None else percent(confirmation["value"])
        ),
        "interval": (
            "" if confirmation is None else error_interval(confirmation["lo"], confirmation["hi"])
        ),
        "complement_error": "" if row["rest"] is None else percent(row["rest"]),
        "recoverable": "" if row["recoverable"] is None else signed(row["recoverable"]),
        "q": "below 0.001" if row["q"] < 0.001 else f"{row['q']:.3f}",
        "confirmed": row["confirmed"],
    }
