"""The page of a diagnosis: anybody's tables, drawn as the report draws ours."""

from collections.abc import Mapping
from typing import Any

from foursplit.reporting.numbers import error_interval, percent
from foursplit.reporting.pages.diagnosis_sections import blocks, levels
from foursplit.reporting.plots.waterfall import waterfall
from foursplit.reporting.render import render
from foursplit.reporting.tables import gaps


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
            "gaps": gaps.rows(told["ledger"]),
            **blocks(told),
            "levels": levels(told["human"]),
            "leaks": [row for row in told["leakage"]["overlaps"] if row["n"]],
        },
    )  # fmt: skip
