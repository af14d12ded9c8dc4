"""Sections of a diagnosis below the error decomposition: tags, domains, ceilings, slices."""

from collections.abc import Mapping
from typing import Any

from foursplit.reporting.numbers import UNKNOWN, error_interval, gap_interval, percent, signed
from foursplit.reporting.tables.slice_search import format_report


def sections(diagnosis: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of the template `diagnosis_sections.html`."""
    return {
        "tags": diagnosis["tags"],
        "table2d": _error_matrix(diagnosis["table2d"]),
        "adjusted": [
            _mismatch_decomposition(row) for row in diagnosis["table2d"].get("adjusted", [])
        ],
        "labels": _label_audit(diagnosis["labels"]),
        "components": _components(diagnosis["ceilings"]),
        "types": [
            {"name": row["type"], "gain": _gain(row)} for row in diagnosis["ceilings"]["types"]
        ],
        "search": _optimization_verification(diagnosis["search"]),
        "drivers": [_driver(row) for row in diagnosis["drivers"]["drivers"]],
        "human_advantage": [
            _human_advantage(row) for row in diagnosis["human_advantage"]["subsets"]
        ],
        "slice_search_report": format_report(diagnosis["slices"]),
        "dev_size": _dev_size(diagnosis["sizes"]),
    }


ROW_NAMES = {
    "human": "humans",
    "trained_on": "model, trained on",
    "not_trained_on": "model, not trained on",
}


def _error_matrix(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """Format each cell as an error with its interval, or as what to measure for it."""
    if "cells" not in block:
        return None
    return {
        "columns": block["columns"],
        "rows": [
            {"name": ROW_NAMES[name], "cells": [_cell(cell) for cell in cells]}
            for name, cells in zip(block["rows"], block["cells"], strict=True)
        ],
    }


def _cell(cell: Mapping[str, Any]) -> dict[str, str]:
    if "value" not in cell:
        return {"error": "", "about": cell["missing"]}
    interval = "given" if cell["n"] == 0 else error_interval(cell["lo"], cell["hi"])
    return {"error": percent(cell["value"]), "about": interval}


def _label_audit(block: Mapping[str, Any]) -> list[str]:
    """Summarize the label audit, one sentence per result; empty without an audit."""
    if "not_applicable" in block:
        return []
    sentences = [
        f"{block['wrong_of_errors']} of {block['errors_audited']} audited errors and "
        f"{block['wrong_of_correct']} of {block['correct_audited']} audited correct "
        "predictions have a wrong label."
    ]
    if block["few"]:
        sentences.append(f"{block['few']}.")
    corrected = block["corrected"]
    if corrected["value"] is not None:
        interval = error_interval(corrected["lo"], corrected["hi"])
        sentences.append(
            f"With corrected labels the error would be {percent(corrected['value'])} ({interval})."
        )
    if block["insufficient"]:
        sentences.append(f"Missing: {block['insufficient']}.")
    if block["decision"]:
        sentences.append(block["decision"]["why"])
    return sentences


def _mismatch_decomposition(row: Mapping[str, Any]) -> str:
    """Decompose a data mismatch into human difficulty and model-specific error, if measured."""
    domains = f"From {row['general']} to {row['target']}"
    if row["model_specific"] is None:
        return f"{domains}: to decompose the mismatch, {'; '.join(row['insufficient'])}."
    specific, bounds = signed(row["model_specific"]), row["model_specific_interval"]
    interval = f" ({gap_interval(*bounds)})" if bounds else ""
    note = f" {row['note']}" if row["note"] else ""
    return (
        f"{domains} the error changes by {signed(row['mismatch'])}: human error changes by "
        f"{signed(row['intrinsic_difficulty'])}, and {specific}{interval} is specific to the "
        f"model.{note}"
    )


def _components(block: Mapping[str, Any]) -> list[dict[str, str]]:
    shares = (block["attribution"] or {}).get("shares", {})
    return [
        {
            "name": row["component"],
            "cumulative": _gain(row["cumulative"]),
            "alone": _gain(row["alone"]),
            "shapley": _gain(row["shapley"]),
            "share": percent(shares[row["component"]]) if row["component"] in shares else UNKNOWN,
            "missing": "; ".join(row["missing"]),
        }
        for row in block["parts"]
    ]


def _gain(ceiling: Mapping[str, Any] | None) -> str:
    if ceiling is None:
        return UNKNOWN
    lo, hi = ceiling["lo"], ceiling["hi"]
    interval = "" if lo is None else f" ({error_interval(lo, hi)})"
    return f"{percent(ceiling['value'])}{interval}"


def _optimization_verification(block: Mapping[str, Any]) -> str:
    """Conclude whether to improve the search or the objective.

    Source: Ng (2018), Machine Learning Yearning, chapter 44.
    """
    if "share" not in block:
        return ""
    share = block["share"]
    verdict = {
        "search": "Improve the search algorithm.",
        "objective": "Improve the objective function.",
        None: "This is inconclusive: score more errors.",
    }[block["work_on"]]
    return (
        f"Optimization verification: in {percent(share['value'])} "
        f"({error_interval(share['lo'], share['hi'])}) of {block['n_scored']:,} errors the true "
        f"answer scores higher than the output. {verdict}"
    )


def _driver(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "slice": row["where"],
        "errors": percent(row["share_of_errors"]),
        "dev": percent(row["share_of_dev"]),
        "train": percent(row["share_of_train"]),
        "excess": f"{signed(row['excess'])} ({gap_interval(row['lo'], row['hi'])})",
        "recoverable": _recoverable(row),
        "significant": row["sure"],
    }


def _recoverable(row: Mapping[str, Any]) -> str:
    """Return how much dev error would fall if the examples erred like the rest of dev."""
    if row["known_by_train"]:
        return "no data changes it"
    if row["recoverable"] is None:
        return "all of dev has it"
    return signed(row["recoverable"])


def _dev_size(block: Mapping[str, Any]) -> str:
    """State the power of dev to detect the smallest gain that matters."""
    if block["not_applicable"]:
        return str(block["not_applicable"])
    enough = "Dev is large enough." if block["enough"] else f"{block['dev']:,} examples are needed."
    return (
        f"A difference of {percent(block['delta'])} in error is detected with power "
        f"{block['power']:.0%}; the better model ranks first with probability "
        f"{block['p_right_order']:.0%} (two models that disagree on "
        f"{percent(block['discordance'])} of the examples, {block['discordance_from']}). "
        f"{enough} {block['eyeball']:,} examples contain about a hundred errors."
    )


def _human_advantage(row: Mapping[str, Any]) -> dict[str, Any]:
    difference = f"{signed(row['model'] - row['human'])} ({gap_interval(row['lo'], row['hi'])})"
    return {
        "slice": row["where"],
        "model": percent(row["model"]),
        "human": percent(row["human"]),
        "difference": difference,
        "recoverable": percent(row["recoverable"]),
        "significant": row["sure"],
    }


def human_levels(human: Mapping[str, Any] | None) -> str:
    """State which human level is used, and which other levels would change the verdict."""
    if human is None or len(human["levels"]) < 2:
        return ""
    levels = ", ".join(f"{row['who']} {percent(row['value'])}" for row in human["levels"])
    others = human["would_change_the_verdict"]
    change = (
        f" The level of {' or '.join(others)} would change the verdict on bias." if others else ""
    )
    return f"Levels: {levels}. {human['why']}{change}"
