"""Read a CSV file as a source declares it: each value as its text, numbers where it says so."""

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
    texts: Mapping[str, Mapping[str, str]],
    renamed: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the file's rows: `numbers` as numbers, and a column of 0 and 1 for each known text.

    `texts` has, for each column, its values, and the name of the column that is 1 where the value
    stands.  `renamed` has the names under which columns of the file go on.
    """
    frame = tabular.read_frame(path).rename(columns=dict(renamed or {}))
    found = {}
    for name in numbers:
        _require(frame, name, path)
        found[name] = parse_numbers(frame, name, path.name)
    for name, values in texts.items():
        _require(frame, name, path)
        for value, feature in values.items():
            found[feature] = frame[name].eq(value).fillna(False).astype(np.float64)
    made = pd.DataFrame(found, index=frame.index)
    return pd.concat([frame.drop(columns=[n for n in found if n in frame.columns]), made], axis=1)


def parse_numbers(frame: pd.DataFrame, name: str, at: str) -> pd.Series:
    """Return a column's numbers, NaN where one is missing; refuse anything else by its row."""
    found, missing = numbers_and_missing(frame, name)
    require_finite(frame, name, found, at)
    _refuse(frame, name, found.isna().to_numpy() & ~missing, "is no number", at)
    return found


def numbers_and_missing(frame: pd.DataFrame, name: str) -> tuple[pd.Series, np.ndarray]:
    """Return a column's numbers, NaN where there is none, and in which rows that is a gap."""
    found = tabular.numbers(frame, name)
    absent = found.isna().to_numpy()  # a pass over the texts less, where all are numbers
    return found, absent & tabular.missing(frame[name]) if absent.any() else absent


def require_finite(frame: pd.DataFrame, name: str, found: pd.Series, at: str) -> None:
    """Refuse a number that a model could not read."""
    _refuse(frame, name, (found.abs() > MAX_FLOAT32).to_numpy(), "is not finite in float32", at)


def _require(frame: pd.DataFrame, name: str, path: Path) -> None:
    if name not in frame.columns:
        raise unknown_name("column", name, map(str, frame.columns), path.name)


def _refuse(frame: pd.DataFrame, name: str, bad: np.ndarray, what: str, at: str) -> None:
    if not bad.any():
        return
    row = int(bad.argmax())
    more = f" ({int(bad.sum()):,} such rows)" if bad.sum() > 1 else ""
    raise FoursplitError(
        f"{at}: column {name!r}, row {row + 1}: {str(frame[name].iloc[row])!r} {what}{more}: put "
        "it right in the file, or leave it empty where the value is not known"
    )
