"""Validate a table with its dataset's Great Expectations suite."""

from typing import Any

import numpy as np
import pandas as pd

MAX_ROWS_SHOWN = 5


def run_expectations(
    frame: pd.DataFrame, suite: list[Any], name: str, positions: np.ndarray | None = None
) -> dict[str, Any]:
    """Run every expectation; the result has no time and no random id, so its bytes repeat.

    `positions` are those of the rows in the whole table, where `frame` is a part of it.
    Returns `{"success", "n_rows", "expectations": [{"expectation", "column", "arguments",
    "success", "unexpected", "share", "rows", "note"}]}`.
    """
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas(name="pandas")
        .add_dataframe_asset(name=name)
        .add_batch_definition_whole_dataframe("all")
        .get_batch(batch_parameters={"dataframe": frame})
    )
    expectations = gx.ExpectationSuite(name=name, expectations=suite)
    results = batch.validate(expectations, result_format="COMPLETE").results
    places = np.arange(len(frame)) if positions is None else positions
    found = [_entry(result, frame, places) for result in results]
    found.sort(key=lambda entry: (entry["expectation"], entry["column"], str(entry["arguments"])))
    return {
        "success": all(entry["success"] for entry in found),
        "n_rows": len(frame),
        "expectations": found,
    }


def _entry(result: Any, frame: pd.DataFrame, places: np.ndarray) -> dict[str, Any]:
    config = result.expectation_config
    arguments = {
        key: value
        for key, value in sorted(config.kwargs.items())
        if key not in ("batch_id", "column", "result_format") and value is not None
    }
    detail = result.result or {}
    found = detail.get("unexpected_index_list") or []
    column = config.kwargs.get("column") or config.kwargs.get("column_A") or "(table)"
    return {
        "expectation": config.type,
        "column": column,
        "arguments": arguments,
        "success": bool(result.success),
        "unexpected": int(detail.get("unexpected_count", 0)),
        "share": round(float(detail.get("unexpected_percent") or 0) / 100, 6),
        "observed": _plain(detail.get("observed_value")),
        "rows": [_row(frame, at, column, places) for at in found[:MAX_ROWS_SHOWN]],
        "note": _exception(result),
    }


def _row(frame: pd.DataFrame, at: int, column: str, places: np.ndarray) -> dict[str, Any]:
    value = frame.iloc[at][column] if column in frame.columns else None
    return {"row": int(places[at]) + 1, "value": _plain(value)}  # rows count from 1


def _plain(value: Any) -> Any:
    """Convert a NumPy or pandas value to a JSON value; a missing one becomes null."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _exception(result: Any) -> str:
    info = result.exception_info or {}
    inner = info if "exception_message" in info else next(iter(info.values()), {})
    message = inner.get("exception_message") if isinstance(inner, dict) else None
    return str(message or "")


def entries(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the expectations of a result, those on the profile of each split among them."""
    of_profile = result.get("profile", {}).get("splits", {})
    return [
        *result["expectations"],
        *(entry for part in of_profile.values() for entry in part["expectations"]),
    ]


def failure_messages(result: dict[str, Any]) -> list[str]:
    """Return one line per failed expectation, with its column and rows."""
    lines = []
    for entry in result["expectations"]:
        if entry["success"]:
            continue
        arguments = ", ".join(f"{key}={value}" for key, value in entry["arguments"].items())
        rows = ", ".join(f"row {row['row']}: {row['value']!r}" for row in entry["rows"])
        outcome = entry["note"] or (
            f"{entry['unexpected']} rows fail" + (f" ({rows})" if rows else "")
            if entry["unexpected"]
            else f"found {entry['observed']!r}"
        )
        lines.append(f"{entry['column']}: {entry['expectation']}({arguments}): {outcome}")
    return lines
