"""A change of an error or gap, formatted for a page."""

from typing import Any

from foursplit.reporting.numbers import gap_interval, signed

NO_CHANGE = {"change": "", "interval": "", "significant": False, "better": False}


def format_change(
    change: float, lo: float | None, hi: float | None, *, significant: bool
) -> dict[str, Any]:
    """Return the change with its interval; lower is better."""
    return {
        "change": signed(change),
        "interval": gap_interval(lo, hi),
        "significant": significant,
        "better": change < 0,
    }
