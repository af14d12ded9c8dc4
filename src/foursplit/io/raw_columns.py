"""Read the cells of raw columns: numbers, dates, categories and texts, as a table declares them.

The same cells give the same values in `read()` and where a model answers new rows: nothing is
learnt from data here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.column import Column
from foursplit.core.errors import FoursplitError
from foursplit.io import csv_table, tabular

ISO = "ISO8601"
"""pandas' name of ISO 8601, with or without time and zone."""

REMEDY = "Correct it, or leave it empty if the value is unknown"


def read(
    path: Path,
    columns: Mapping[str, Column],
    *,
    target: tuple[str, Column],
    classes: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return a file's rows with inputs and target as declared, and other columns as they are.

    The index counts the file's rows from 0. A class may be written as a number: 1.0 is class `1`.
    """
    frame = tabular.read_frame(path)
    attrs = frame.attrs
    frame = frame.rename(columns=dict(renamed or {}))
    frame.attrs = attrs
    name, column = target
    parsed = parse(frame, {**columns, name: column}, path.name)
    if classes:
        parsed[name] = class_texts(parsed[name], classes)
    others = [each for each in frame.columns if each not in parsed.columns]
    return pd.concat([parsed, frame[others]], axis=1)


def class_texts(values: pd.Series, classes: Sequence[str]) -> pd.Series:
    """Return the names of classes; a number is that class's whose name is the same number."""
    names = {name: name for name in classes}
    for name in classes:
        number = plain_number(name)
        if number is not None:
            names.setdefault(f"{number:g}", name)

    def named(cell: str | None) -> str | None:
        if cell is None or cell in names:
            return names.get(cell) if cell is not None else None
        number = plain_number(cell)
        return cell if number is None else names.get(f"{number:g}", cell)

    return values.map(named).astype(object).where(values.notna(), None)


def plain_number(text: str) -> float | None:
    """Return the number that a text is; None for any other text."""
    try:
        return float(text)
    except ValueError:
        return None


def parse(frame: pd.DataFrame, columns: Mapping[str, Column], at: str) -> pd.DataFrame:
    """Return the columns of a table: float64, dates without zone (UTC), and texts.

    A missing value is NaN, NaT or None. Raises for a column that lacks and for a cell that does not
    fit, with its row.
    """
    require_columns(frame, columns, at)
    parsed = {name: parse_column(frame, name, column, at) for name, column in columns.items()}
    return pd.DataFrame(parsed, index=frame.index)


def require_columns(frame: pd.DataFrame, columns: Iterable[str], at: str) -> None:
    """Raise for columns that lack, and name those that are there."""
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        raise FoursplitError(
            f"{at}: unknown column {', '.join(map(repr, lacking))}: it is not among "
            f"{', '.join(repr(str(name)) for name in frame.columns)}. Add it; a cell may be empty"
        )


def parse_column(frame: pd.DataFrame, name: str, column: Column, at: str) -> pd.Series:
    if column.kind == "number":
        return _numbers(frame, name, column, at)
    if column.kind == "date":
        return _dates(frame, name, column, at)
    return _texts(frame[name], column)


def mark_missing(values: pd.Series, column: Column) -> pd.Series:
    """Return a column in which the texts that `column.missing` lists are missing."""
    if not column.missing:
        return values
    marks = {mark.strip() for mark in column.missing}
    return values.where(~values.astype("str").str.strip().isin(marks), None)


def _numbers(frame: pd.DataFrame, name: str, column: Column, at: str) -> pd.Series:
    raw = mark_missing(frame[name], column)
    marked = frame.assign(**{name: raw}) if column.missing else frame
    marked.attrs = frame.attrs
    if frame[name].dtype == bool:
        return frame[name].astype(np.float64)
    values, missing = csv_table.numbers_and_missing(marked, name)
    if not column.is_plain:
        written = written_numbers(raw, column)
        values = values.where(written.isna(), written)
    csv_table.require_finite(frame, name, values, at)
    _require(frame, name, values.notna().to_numpy() | missing, "is not a number", at)
    return values.rename(name)


def written_numbers(raw: pd.Series, column: Column) -> pd.Series:
    """Return numbers written with unit, thousands and decimal sign; NaN for any other cell."""
    pattern = number_pattern(column)
    return pd.Series(
        [_written(cell, pattern, column) for cell in raw.tolist()], index=raw.index, dtype="float64"
    )


def number_pattern(column: Column) -> re.Pattern[str]:
    """Return the pattern of a cell: `-$1,234.50`, `($12)`, `45 %`, `1.234,5 €`."""
    unit = f"(?:{re.escape(column.unit)})?" if column.unit else ""
    point = re.escape(column.decimal)
    whole = r"\d+"
    if column.thousands:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(column.thousands)}\d{{3}})+|\d+)"
    digits = rf"(?P<digits>{whole}(?:{point}\d*)?|{point}\d+)"
    sign = r"(?P<sign>[+-]?)"
    return re.compile(
        rf"(?P<open>\(?)\s*{sign}\s*{unit}\s*(?P<inner>[+-]?){digits}\s*{unit}\s*(?P<close>\)?)"
    )


def _written(cell: object, pattern: re.Pattern[str], column: Column) -> float:
    if not isinstance(cell, str):
        return float("nan")
    match = pattern.fullmatch(cell.strip().replace("\xa0", " ").replace("\u202f", " "))
    if match is None or (match["open"] != "") != (match["close"] != ""):
        return float("nan")
    digits = match["digits"].replace(column.thousands, "") if column.thousands else match["digits"]
    value = float(digits.replace(column.decimal, "."))
    is_negative = (match["open"] != "") ^ ((match["sign"] or match["inner"]) == "-")
    return -value if is_negative else value


def _dates(frame: pd.DataFrame, name: str, column: Column, at: str) -> pd.Series:
    raw = mark_missing(frame[name], column)
    missing = tabular.missing_mask(raw)
    values = to_dates(raw, column.format)
    written = column.format or "ISO 8601, such as 2024-03-31"
    _require(frame, name, values.notna().to_numpy() | missing, f"is not a date ({written})", at)
    return values.rename(name)


def to_dates(raw: pd.Series, date_format: str) -> pd.Series:
    """Return UTC dates without a zone; NaT for a cell that is not a date of that format."""
    if pd.api.types.is_datetime64_any_dtype(raw):
        parsed = pd.to_datetime(raw, utc=True)
    else:
        texts = raw.astype("object").where(raw.notna(), None)
        texts = texts.map(lambda cell: str(cell).strip() if cell is not None else None)
        parsed = pd.to_datetime(texts, format=date_format or ISO, utc=True, errors="coerce")
    return parsed.dt.tz_localize(None).astype("datetime64[us]")


def _texts(raw: pd.Series, column: Column) -> pd.Series:
    """Return a column of texts without blanks around them; None for an empty cell."""
    values = mark_missing(raw, column).tolist()
    cells = [text_of(cell) or None for cell in values]
    return pd.Series(cells, index=raw.index, dtype=object, name=raw.name)


def text_of(cell: Any) -> str:
    """Return a cell as a file has it: 3 for 3.0, no blanks around a text, nothing if missing."""
    if pd.isna(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _require(frame: pd.DataFrame, name: str, good: np.ndarray, problem: str, at: str) -> None:
    if good.all():
        return
    row, n = int((~good).argmax()), int((~good).sum())
    more = f" ({n:,} such rows)" if n > 1 else ""
    raise FoursplitError(
        f"{at}: column {name!r}, row {row + 1}: {str(frame[name].iloc[row])!r} {problem}{more}. "
        f"{REMEDY}"
    )
