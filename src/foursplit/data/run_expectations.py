"""Validate a table with its dataset's Great Expectations suite."""

from typing import Any

import pandas as pd

MAX_ROWS_SHOWN = 5


def run_expectations(frame: pd.DataFrame, suite: list[Any], name: str) -> dict[str, Any]:
    """Run every expectation; the result has no time and no random id, so its bytes repeat.

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
    entries = [_entry(result, frame) for result in results]
    entries.sort(key=lambda entry: (entry["expectation"], entry["column"], str(entry["arguments"])))
    return {
        "success": all(entry["success"] for entry in entries),
        "n_rows": len(frame),
        "expectations": entries,
    }


def _entry(result: Any, frame: pd.DataFrame) -> dict[str, Any]:
    config = result.expectation_config
    arguments = {
        key: value
        for key, value in sorted(config.kwargs.items())
        if key not in ("batch_id", "column", "result_format") and value is not None
    }
    detail = result.result or {}
    positions = detail.get("unexpected_index_list") or []
    column = config.kwargs.get("column") or config.kwargs.get("column_A") or "(table)"
    return {
        "expectation": config.type,
        "column": column,
        "arguments": arguments,
        "success": bool(result.success),
        "unexpected": int(detail.get("unexpected_count", 0)),
        "share": round(float(detail.get("unexpected_percent") or 0) / 100, 6),
        "observed": _plain(detail.get("observed_value")),
        "rows": [_row(frame, position, column) for position in positions[:MAX_ROWS_SHOWN]],
        "note": _exception(result),
    }


def _row(frame: pd.DataFrame, position: int, column: str) -> dict[str, Any]:
    value = frame.iloc[position][column] if column in frame.columns else None
    return {"row": int(position) + 1, "value": _plain(value)}  # rows count from 1


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
