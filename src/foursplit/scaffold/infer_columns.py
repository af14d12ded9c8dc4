"""Infer what a CSV file's column holds: numbers, dates, categories, texts, or nothing to learn."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from foursplit.core.column import Column
from foursplit.io import csv_table, raw_columns, tabular
from foursplit.scaffold import cell_formats

MAX_CATEGORIES = 12  # texts of a column that is shown value by value
MIN_ROW_NUMBERS = 10  # fewer consecutive numbers may be a coincidence
MIN_UNIQUE = 0.95  # share of different values of an identifier
MIN_WORDS = 3.0  # mean number of words of free text
TINY = 1e-290  # smaller numbers are not rounded: a power of ten beside them would be 0
MAX_MARKS = 3  # different texts that say "missing" among numbers or dates
MIN_READABLE = 0.8  # share of cells that are numbers or dates where others say "missing"

ID_NAME = re.compile(
    r"Unnamed: \d+|(.*[_\W])?(?i:id|index|row|uuid|guid)|.*[a-z](Id|ID)", re.DOTALL
)

BOOLEANS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"on", "off"})

ROW_NUMBER = "looks like a row number"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFinding:
    """A column, what it is read as, and why."""

    name: str
    column: Column | None  # None: not an input
    why: str
    n_missing: int = 0
    first_missing: int = 0  # row of the first, from 1
    values: str = ""  # range, or some of the values
    ends: tuple[float, float] | None = None  # of numbers: what tomorrow's file is compared with
    categories: tuple[str, ...] = ()
    is_identifier: bool = False
    read_as: Column | None = None  # what `--keep` makes of a column that is left out

    @property
    def taken_for(self) -> str:
        return self.column.kind if self.column else "left out"

    def left_out(self, why: str) -> "ColumnFinding":
        return replace(self, column=None, why=why, read_as=self.column or self.read_as)


def infer_column(frame: pd.DataFrame, name: str, at: str) -> ColumnFinding:
    """Infer a column of a frame whose cells are texts, as `tabular.read_frame` has them."""
    number = _plain_number(frame, name, at)
    missing = tabular.missing_mask(frame[name])
    if missing.all():
        return ColumnFinding(name=name, column=None, why="is empty")
    texts = frame.loc[~missing, name].astype("str").str.strip()
    if number is not None and not cell_formats.are_codes(texts):
        return _describe_number(frame, name, number, missing, at)
    comma = bool(frame.attrs.get(tabular.DECIMAL_COMMA))
    for column, why in (_written_number(texts, decimal_comma=comma), _date(texts)):
        if column is not None:
            return describe(frame, name, column, why, at)
    return _describe_texts(frame, name, texts, at)


def describe(frame: pd.DataFrame, name: str, column: Column, why: str, at: str) -> ColumnFinding:
    """Add missing cells and range of a column that is read as `column`."""
    values = raw_columns.parse_column(frame, name, column, at)
    missing = values.isna().to_numpy()
    present = values[~missing]
    finding = ColumnFinding(
        name=name,
        column=column,
        why=why,
        n_missing=int(missing.sum()),
        first_missing=int(missing.argmax()) + 1 if missing.any() else 0,
    )
    if present.empty:
        return finding.left_out("is empty")
    if not missing.any() and (present == present.iloc[0]).all():
        return finding.left_out(f"is constant: always {str(present.iloc[0])!r}")
    if column.kind == "number":
        numbers = present.to_numpy(np.float64)
        ends = (float(numbers.min()), float(numbers.max()))
        shown = f"{ends[0]:g} to {ends[1]:g}" + (f" {column.unit}" if column.unit else "")
        return replace(finding, values=shown, ends=likely_range(numbers))
    if column.kind == "date":
        first, last = present.min(), present.max()
        return replace(finding, values=f"{first:%Y-%m-%d} to {last:%Y-%m-%d}")
    distinct = sorted(present.unique().tolist())
    few = len(distinct) <= MAX_CATEGORIES
    shown = ", ".join(map(repr, distinct)) if few else f"{len(distinct):,} different"
    if column.kind == "text":
        words = mean_words(present)
        return replace(finding, values=f"{len(distinct):,} different, {words:.0f} words on average")
    return replace(finding, values=shown, categories=tuple(distinct) if few else ())


def likely_range(numbers: np.ndarray) -> tuple[float, float]:
    """Return a range with slack for tomorrow's file, which at least 95 % of the numbers are in.

    It is that of the quantiles at 1 % and 99 %, wider by half of their distance to both sides.
    """
    low, high = np.quantile(numbers, [0.01, 0.99])
    slack = (high - low) / 2
    ends = (_rounded(low - slack, np.floor), _rounded(high + slack, np.ceil))
    inside = np.mean((numbers >= ends[0]) & (numbers <= ends[1]))
    if low == high or inside < MIN_UNIQUE:
        return float(numbers.min()), float(numbers.max())
    if numbers.min() >= 0 > ends[0]:  # what is counted or measured is not negative
        ends = (0.0, ends[1])
    return ends


def _rounded(value: float, to: np.ufunc) -> float:
    """Round outwards to three significant digits."""
    if abs(value) < TINY or not np.isfinite(value):
        return float(value)
    digits = 10.0 ** (np.floor(np.log10(abs(value))) - 2)
    return float(f"{to(value / digits) * digits:.3g}")


def _plain_number(frame: pd.DataFrame, name: str, at: str) -> pd.Series | None:
    numbers, missing = csv_table.numbers_and_missing(frame, name)
    if missing.all() or (numbers.isna().to_numpy() & ~missing).any():
        return None
    csv_table.require_finite(frame, name, numbers, at)
    return numbers


def _describe_number(
    frame: pd.DataFrame, name: str, numbers: pd.Series, missing: np.ndarray, at: str
) -> ColumnFinding:
    texts = frame.loc[~missing, name].astype("str").str.strip()
    if cell_formats.are_compact_dates(name, texts):
        return describe(frame, name, Column("date", format="%Y%m%d"), "dates as 20240331", at)
    finding = describe(frame, name, Column("number"), "all cells are numbers", at)
    if finding.column is None:
        return finding
    reason = _row_number_reason(name, numbers.to_numpy())
    if reason:
        return replace(finding.left_out(reason), is_identifier=True)
    return finding


def _row_number_reason(name: str, numbers: np.ndarray) -> str:
    if len(numbers) < MIN_ROW_NUMBERS or np.isnan(numbers).any() or (numbers % 1 != 0).any():
        return ""
    if (np.diff(numbers) == 1).all():
        return f"{ROW_NUMBER}: {numbers[0]:.0f}, {numbers[1]:.0f}, … {numbers[-1]:.0f} in order"
    if not ID_NAME.fullmatch(name):
        return ""
    n = len({*numbers.tolist()})
    if n == len(numbers):
        return f"{ROW_NUMBER}: each row has a different number"
    return f"is an identifier by its name: {n:,} values in {len(numbers):,} rows"


def _written_number(texts: pd.Series, *, decimal_comma: bool) -> tuple[Column | None, str]:
    """Return how numbers with units, thousands or marks of missing values are written."""
    numeric, marks = _split_marks(texts)
    if numeric.empty:
        return None, ""
    column = cell_formats.number_format(numeric, decimal_comma=decimal_comma)
    if column is None or cell_formats.are_codes(numeric):
        return None, ""
    why = "numbers" if column.is_plain else f"numbers such as {numeric.iloc[0]!r}"
    why += f", as written: 45 for {'45 %'!r}" if column.unit == "%" else ""
    return _with_marks(column, why, marks)


def _date(texts: pd.Series) -> tuple[Column | None, str]:
    dates, marks = _split_marks(texts)
    found = cell_formats.date_format(dates) if len(dates) else None
    if found is None:
        return None, ""
    date_format, note = found
    why = f"dates such as {dates.iloc[0]!r}{note}"
    return _with_marks(Column("date", format=date_format), why, marks)


def _split_marks(texts: pd.Series) -> tuple[pd.Series, tuple[str, ...]]:
    """Return the cells with digits, and the few texts among them that have none."""
    has_digit = texts.str.contains(r"\d")
    marks = tuple(sorted(texts[~has_digit].unique().tolist()))
    if len(marks) > MAX_MARKS or has_digit.mean() < MIN_READABLE:
        return texts.iloc[:0], ()
    return texts[has_digit], marks


def _with_marks(column: Column, why: str, marks: tuple[str, ...]) -> tuple[Column, str]:
    if not marks:
        return column, why
    shown = ", ".join(map(repr, marks))
    return replace(column, missing=marks), f"{why}; {shown} counts as missing"


def _describe_texts(frame: pd.DataFrame, name: str, texts: pd.Series, at: str) -> ColumnFinding:
    n, n_different = len(texts), texts.nunique()
    category = Column("category")
    if {*texts.str.lower()} in BOOLEANS:
        return describe(frame, name, category, "yes or no", at)
    if (typo := _typo(frame, name)) and n_different > MAX_CATEGORIES:
        return replace(describe(frame, name, category, "", at).left_out(typo))
    if n_different <= MAX_CATEGORIES:
        return describe(frame, name, category, f"{n_different} texts", at)
    is_unique = n_different >= MIN_UNIQUE * n
    if mean_words(texts) >= MIN_WORDS and n_different > n / 2:
        return describe(frame, name, Column("text"), "free text: several words, rarely equal", at)
    finding = describe(frame, name, category, f"{n_different:,} texts, the rarest pooled", at)
    if is_unique:
        return replace(
            finding.left_out(f"is an identifier: {n_different:,} texts in {n:,} rows"),
            is_identifier=True,
        )
    if ID_NAME.fullmatch(name):
        why = f"is an identifier by its name: {n_different:,} values in {n:,} rows"
        return replace(finding.left_out(why), is_identifier=True)
    return finding


def _typo(frame: pd.DataFrame, name: str) -> str:
    """Return why a column of numbers with some other cells is not one."""
    numbers, missing = csv_table.numbers_and_missing(frame, name)
    other = numbers.isna().to_numpy() & ~missing
    if not other.any() or other.mean() >= 0.5:
        return ""
    row, n = int(other.argmax()), int(other.sum())
    return (
        f"holds numbers, but not in {n:,} rows; the first is row {row + 1}: "
        f"{frame[name].iloc[row]!r}"
    )


def mean_words(texts: pd.Series) -> float:
    return float(np.mean([len(str(text).split()) for text in texts]))


def used_as_inputs(findings: Iterable[ColumnFinding]) -> dict[str, Column]:
    return {each.name: each.column for each in findings if each.column is not None}
