"""Raw rows, as the user's file has them, as examples that a stored model answers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from foursplit.core.column import Column
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.data import raw_examples
from foursplit.io import raw_columns
from foursplit.training.manifest import Manifest

MAX_SHOWN = 5  # categories of a column in a message


def columns_of(manifest: Manifest) -> dict[str, Column]:
    """Return the raw columns that a model reads; empty for one of arrays."""
    return {name: Column.from_json(block) for name, block in (manifest.columns or {}).items()}


def examples_of(x: Any, manifest: Manifest, at: str) -> Examples:
    """Return rows of a table, or a list of dicts, as examples.

    Raises for a column that lacks, and for a cell that does not fit its column.
    """
    columns = columns_of(manifest)
    frame = _as_frame(x, at)
    parsed = raw_columns.parse(frame, columns, at).reset_index(drop=True)
    return raw_examples.of_frame(parsed, columns)


def unknown_categories(examples: Examples, answer: Any, at: str) -> list[str]:
    """Return a line for each column with categories that the model's train split did not have."""
    counted = answer.preprocessor.unknown_categories(raw_examples.frame_of(examples))
    lines = []
    for name, counts in counted.items():
        shown = [f"{value!r} ({n:,} rows)" for value, n in [*counts.items()][:MAX_SHOWN]]
        more = f" and {len(counts) - MAX_SHOWN:,} more" if len(counts) > MAX_SHOWN else ""
        lines.append(
            f"{at}: column {name!r} has categories that train did not have: {', '.join(shown)}"
            f"{more}. They are read as rare ones"
        )
    return lines


def _as_frame(x: Any, at: str) -> pd.DataFrame:
    is_rows = isinstance(x, list) and bool(x) and all(isinstance(row, Mapping) for row in x)
    frame = x if isinstance(x, pd.DataFrame) else pd.DataFrame(x) if is_rows else None
    if frame is None or frame.empty:
        raise FoursplitError(
            f"{at}: {x!r:.60} is no table with rows: give a DataFrame, or a list of dicts, with "
            "the columns of the file"
        )
    return frame
