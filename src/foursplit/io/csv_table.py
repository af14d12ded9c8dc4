"""Read a CSV file as a dataset declares it: numeric columns, and categories as 0/1 columns."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.io import tabular

MAX_FLOAT32 = float(np.finfo(np.float32).max)
"""Models read numbers in single precision."""


def read(
    path: Path,
    *,
    numbers: Iterable[str],
    categories: Mapping[str, Mapping[str, str]],
    renamed: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the file's rows, with `numbers` as float64 and a 0/1 column for each category.

    `categories` maps a column to its values, and each value to the name of its 0/1 column.
    `renamed` maps columns of the file to new names.
    """
    frame = tabular.read_frame(path).rename(columns=dict(renamed or {}))
    columns = {}
    for name in numbers:
        _require_column(frame, name, path)
        columns[name] = parse_numbers(frame, name, path.name)
    for name, values in categories.items():
        _require_column(frame, name, path)
        for value, feature in values.items():
            columns[feature] = frame[name].eq(value).fillna(False).astype(np.float64)
    parsed = pd.DataFrame(columns, index=frame.index)
    return pd.concat([frame.drop(columns=[*columns], errors="ignore"), parsed], axis=1)


def parse_numbers(frame: pd.DataFrame, name: str, file: str) -> pd.Series:
    """Return a column as float64, NaN for a missing value; raise for a value of another type."""
    values, missing = numbers_and_missing(frame, name)
    require_finite(frame, name, values, file)
    _raise_if(frame, name, values.isna().to_numpy() & ~missing, "is not a number", file)
    return values


def numbers_and_missing(frame: pd.DataFrame, name: str) -> tuple[pd.Series, np.ndarray]:
    """Return a column as float64 with NaN for other values, and a mask of the missing values."""
    values = tabular.to_float(frame, name)
    absent = values.isna().to_numpy()  # saves a pass over the cells if all are numbers
    return values, absent & tabular.missing_mask(frame[name]) if absent.any() else absent


def require_finite(frame: pd.DataFrame, name: str, values: pd.Series, file: str) -> None:
    """Raise if a value is not finite in float32."""
    too_large = (values.abs() > MAX_FLOAT32).to_numpy()
    _raise_if(frame, name, too_large, "is not finite in float32", file)


def _require_column(frame: pd.DataFrame, name: str, path: Path) -> None:
    if name not in frame.columns:
        raise unknown_name("column", name, map(str, frame.columns), path.name)


def _raise_if(frame: pd.DataFrame, name: str, bad: np.ndarray, problem: str, file: str) -> None:
    if not bad.any():
        return
    row = int(bad.argmax())
    more = f" ({int(bad.sum()):,} such rows)" if bad.sum() > 1 else ""
    raise FoursplitError(
        f"{file}: column {name!r}, row {row + 1}: {str(frame[name].iloc[row])!r} {problem}{more}. "
        "Correct it in the file, or leave it empty if the value is unknown"
    )
