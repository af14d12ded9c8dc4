"""What a diagnosis found beyond the ledger, as the report and the page of a diagnosis show it."""

from collections.abc import Mapping
from typing import Any

from foursplit.reporting.numbers import UNKNOWN, error_interval, gap_interval, percent, signed
from foursplit.reporting.tables.found_slices import shown


def blocks(told: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the template `diagnosed.html` draws."""
    return {
        "tags": told["tags"],
        "table2d": _table2d(told["table2d"]),
        "adjusted": [_adjusted(one) for one in told["table2d"].get("adjusted", [])],
        "labels": _labels(told["labels"]),
        "parts": _parts(told["ceilings"]),
        "types": [{"name": t["type"], "gain": _gain(t)} for t in told["ceilings"]["types"]],
        "search": _search(told["search"]),
        "drivers": [_driver(row) for row in told["drivers"]["drivers"]],
        "people_win": [_subset(row) for row in told["people_win"]["subsets"]],
        "found": shown(told["slices"]),
        "size": _size(told["sizes"]),
    }


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


def _adjusted(one: Mapping[str, Any]) -> str:
    """Say how much of a mismatch is harder for people too, or what would tell."""
    between = f"From {one['general']} to {one['target']}"
    if one["model_specific"] is None:
        return f"{between}: to part the mismatch, {'; '.join(one['insufficient'])}."
    own, interval = signed(one["model_specific"]), one["model_specific_interval"]
    about = f" ({gap_interval(*interval)})" if interval else ""
    note = f" {one['note']}" if one["note"] else ""
    return (
        f"{between} the error changes by {signed(one['mismatch'])}: people's own changes by "
        f"{signed(one['intrinsic_difficulty'])}, and {own}{about} is the model's own.{note}"
    )


def _parts(block: Mapping[str, Any]) -> list[dict[str, str]]:
    shares = (block["attribution"] or {}).get("shares", {})
    return [
        {
            "name": part["component"],
            "walk": _gain(part["cumulative"]),
            "alone": _gain(part["alone"]),
            "shapley": _gain(part["shapley"]),
            "due": percent(shares[part["component"]]) if part["component"] in shares else UNKNOWN,
            "missing": "; ".join(part["missing"]),
        }
        for part in block["parts"]
    ]


def _gain(ceiling: Mapping[str, Any] | None) -> str:
    if ceiling is None:
        return UNKNOWN
    lo, hi = ceiling["lo"], ceiling["hi"]
    about = "" if lo is None else f" ({error_interval(lo, hi)})"
    return f"{percent(ceiling['value'])}{about}"


def _search(block: Mapping[str, Any]) -> str:
    if "share" not in block:
        return ""
    share = block["share"]
    verdict = {
        "search": "The search is at fault: improve it.",
        "objective": "The objective is at fault: change what is scored.",
        None: "That decides for neither: score more errors.",
    }[block["work_on"]]
    return (
        f"Of {block['n_scored']:,} errors the score puts the truth above the output in "
        f"{percent(share['value'])} ({error_interval(share['lo'], share['hi'])}). {verdict}"
    )


def _driver(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "where": row["where"],
        "errors": percent(row["share_of_errors"]),
        "dev": percent(row["share_of_dev"]),
        "train": percent(row["share_of_train"]),
        "excess": f"{signed(row['excess'])} ({gap_interval(row['lo'], row['hi'])})",
        "sure": row["sure"],
    }


def _size(block: Mapping[str, Any]) -> str:
    """Say what dev can show of the gain that matters."""
    if block["not_applicable"]:
        return str(block["not_applicable"])
    enough = "That is enough." if block["enough"] else f"It takes {block['dev']:,} examples."
    return (
        f"Two models that differ on {percent(block['discordance'])} of the examples "
        f"({block['discordance_from']}) and by {percent(block['delta'])} in error are told apart "
        f"in {block['power']:.0%} of cases, and ranked rightly in {block['p_right_order']:.0%}. "
        f"{enough} For a hundred errors read {block['eyeball']:,} examples."
    )


def _subset(row: Mapping[str, Any]) -> dict[str, Any]:
    more = f"{signed(row['model'] - row['human'])} ({gap_interval(row['lo'], row['hi'])})"
    return {
        "where": row["where"],
        "model": percent(row["model"]),
        "human": percent(row["human"]),
        "more": more,
        "gain": percent(row["recoverable"]),
        "sure": row["sure"],
    }


def levels(human: Mapping[str, Any] | None) -> str:
    """Say which human level was taken, of those there are, and by whose the verdict would turn."""
    if human is None or len(human["levels"]) < 2:
        return ""
    levels = ", ".join(f"{row['who']} {percent(row['value'])}" for row in human["levels"])
    change = human["would_change_the_verdict"]
    turn = (
        f" By the level of {' or '.join(change)} bias would be judged otherwise." if change else ""
    )
    return f"Levels: {levels}. {human['why']}{turn}"
