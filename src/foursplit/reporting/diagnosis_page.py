"""The page of a diagnosis: anybody's tables, drawn as the report draws ours."""

from collections.abc import Mapping
from typing import Any

from foursplit.reporting import gaps
from foursplit.reporting.charts.waterfall import waterfall
from foursplit.reporting.found_slices import shown
from foursplit.reporting.numbers import error_interval, percent
from foursplit.reporting.render import render


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
            "slices": shown(told["slices"]),
            "table2d": _table2d(told["table2d"]),
            "labels": _labels(told["labels"]),
            "leaks": [row for row in told["leakage"]["overlaps"] if row["n"]],
        },
    )  # fmt: skip


ROWS = {"human": "people", "trained_on": "trained on", "not_trained_on": "not trained on"}


def _table2d(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """Write each cell as an error with its interval, or as what would fill it."""
    if "cells" not in block:
        return None
    return {
        "columns": block["columns"],
        "rows": [
            {"name": ROWS[name], "cells": [_cell(cell) for cell in cells]}
            for name, cells in zip(block["rows"], block["cells"], strict=True)
        ],
    }


def _cell(cell: Mapping[str, Any]) -> dict[str, str]:
    if "value" not in cell:
        return {"error": "", "about": cell["missing"]}
    interval = "given" if cell["n"] == 0 else error_interval(cell["lo"], cell["hi"])
    return {"error": percent(cell["value"]), "about": interval}


def _labels(block: Mapping[str, Any]) -> list[str]:
    """Say what the audit of labels found, a sentence each; nothing without an audit."""
    if "not_applicable" in block:
        return []
    said = [
        f"{block['wrong_of_errors']} of {block['errors_audited']} audited errors and "
        f"{block['wrong_of_correct']} of {block['correct_audited']} audited correct answers bear "
        "a wrong label."
    ]
    corrected = block["corrected"]
    if corrected["value"] is not None:
        interval = error_interval(corrected["lo"], corrected["hi"])
        said.append(
            f"By right labels the error would be {percent(corrected['value'])} ({interval})."
        )
    if block["insufficient"]:
        said.append(f"Missing: {block['insufficient']}.")
    if block["decision"]:
        said.append(block["decision"]["why"])
    return said
