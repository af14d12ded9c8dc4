"""Rows of the gap table, formatted for a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.diagnosis.decomposition.verdict import LEVELS, NAMES
from foursplit.reporting.numbers import gap_interval, signed


def rows(ledger: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": NAMES[block["gap"]],
            "from": LEVELS[block["from"]],
            "to": LEVELS[block["to"]],
            "value": signed(block["value"]),
            "interval": gap_interval(block["lo"], block["hi"]),
            "status": block["status"],
            "p_largest": None if block["p_largest"] is None else f"{block['p_largest']:.0%}",
        }
        for block in ledger
    ]
