"""The page of `foursplit diagnose`: the report of any model's prediction tables."""

from collections.abc import Mapping
from typing import Any

from foursplit.reporting.numbers import error_interval, percent
from foursplit.reporting.pages.diagnosis_sections import human_levels, sections
from foursplit.reporting.plots.waterfall import waterfall, waterfall_file
from foursplit.reporting.render import render
from foursplit.reporting.tables import gaps


def gap_plot_file(diagnosis: Mapping[str, Any], name: str) -> str:
    """Return the plot of errors and gaps as an SVG file."""
    return waterfall_file(_summary(diagnosis), f"Errors and gaps of {name}")


def page(diagnosis: Mapping[str, Any], name: str) -> str:
    """Render a diagnosis as one HTML file that works offline."""
    summary = _summary(diagnosis)
    return render(
        "diagnosis.html",
        {
            "name": name,
            "diagnosis": diagnosis,
            "waterfall": waterfall(summary) if summary["splits"] else "",
            "errors": [
                {
                    "split": split,
                    "error": percent(block["value"]),
                    "n": block["n"],
                    "groups": block["n_groups"],
                    "interval": error_interval(block["lo"], block["hi"]),
                }
                for split, block in diagnosis["splits"].items()
            ],
            "gaps": gaps.rows(diagnosis["ledger"]),
            **sections(diagnosis),
            "levels": human_levels(diagnosis["human"]),
            "leaks": [row for row in diagnosis["leakage"]["overlaps"] if row["n"]],
        },
    )


def _summary(diagnosis: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the plot of errors and gaps shows."""
    human = diagnosis["splits"].get("human")
    return {
        "splits": {k: block for k, block in diagnosis["splits"].items() if k != "human"},
        "human": {"error": human["value"], "kind": diagnosis["human"]["where"]} if human else None,
        "ledger": diagnosis["ledger"],
        "unseen": diagnosis.get("unseen"),
    }
