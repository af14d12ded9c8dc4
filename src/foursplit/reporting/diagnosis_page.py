"""The page of a diagnosis: anybody's tables, drawn as the report draws ours."""

from collections.abc import Mapping
from typing import Any

from foursplit.reporting import findings
from foursplit.reporting.charts.waterfall import waterfall
from foursplit.reporting.found_slices import shown
from foursplit.reporting.numbers import error_interval, gap_interval, percent, signed
from foursplit.reporting.render import render
from foursplit.strategy.verdict import NAMES


def page(told: Mapping[str, Any], name: str) -> str:
    """Write a diagnosis as one file that opens offline."""
    splits = {k: block for k, block in told["splits"].items() if k != "human"}
    human = told["splits"].get("human")
    summary = {
        "splits": splits,
        "human": {"error": human["value"], "kind": told["human"]["where"]} if human else None,
        "ledger": told["ledger"],
    }
    return render(
        "diagnosis.html",
        {
            "name": name,
            "told": told,
            "waterfall": waterfall(summary) if splits else "",
            "errors": [
                {"split": split, "error": percent(b["value"]), "n": b["n"], "groups": b["n_groups"],
                 "interval": error_interval(b["lo"], b["hi"])}
                for split, b in told["splits"].items()
            ],
            "gaps": [_gap(row) for row in told["ledger"]],
            "slices": shown(told["slices"]),
        },
    )  # fmt: skip


def _gap(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": NAMES[row["gap"]],
        "from": findings.ENDS[row["gap"]][0],
        "to": findings.ENDS[row["gap"]][1],
        "value": signed(row["value"]),
        "interval": gap_interval(row["lo"], row["hi"]),
        "status": row["status"],
        "p_largest": None if row["p_largest"] is None else f"{row['p_largest']:.0%}",
    }
