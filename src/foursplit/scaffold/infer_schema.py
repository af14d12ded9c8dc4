"""First guesses about a CSV file: what predicts, what is predicted, and what to slice on."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import OFFICIAL
from foursplit.io import csv_table

MAX_CLASSES = 20  # a whole-number target with more values is taken for a quantity
MAX_CATEGORIES = 12  # of a column worth slicing on, or worth a column a value
MIN_ROW_NUMBERS = 10  # fewer numbers in order are no sign of row numbers

RESERVED = ("domain", OFFICIAL)
"""Columns of `read()` that say where a row belongs; in a file they may mean anything."""

ID_NAME = re.compile(r"Unnamed: \d+|(.*[_\W])?(id|index|row)|.*[a-z](Id|ID)", re.DOTALL)

ROW_NUMBER = "looks like a row number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """How the columns of a file will be used, by the names they have in the source."""

    target: str
    classes: tuple[str, ...]  # of the target; empty: a quantity
    numbers: dict[str, tuple[float, float]]  # the target too where it holds numbers
    texts: dict[str, dict[str, str]]  # each value, and the feature that is 1 where it stands
    left_out: dict[str, str]  # with the reason
    missing: dict[str, tuple[int, int]]  # number of rows, and the first of them, from 1
    renamed: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column's cells, read once: as texts, as numbers (NaN where there is none), and the gaps."""

    texts: pd.Series
    numbers: np.ndarray
    gaps: np.ndarray

    @property
    def is_empty(self) -> bool:
        return bool(self.gaps.all())

    @property
    def holds_numbers(self) -> bool:
        return not self.is_empty and not self.odd.any()

    @property
    def odd(self) -> np.ndarray:
        """Mark the cells that are neither a number nor a gap."""
        marks: np.ndarray = np.isnan(self.numbers) & ~self.gaps
        return marks


def _column(frame: pd.DataFrame, name: str, at: str) -> _Column:
    numbers, gaps = csv_table.numbers_and_missing(frame, name)
    made = _Column(texts=frame[name], numbers=numbers.to_numpy(), gaps=gaps)
    if made.holds_numbers:
        csv_table.require_finite(frame, name, numbers, at)
    return made


def columns(frame: pd.DataFrame, target: str, at: str = "the file") -> Schema:
    """Look at the values of each column of a frame that `tabular.read_frame` returned."""
    renamed = _renamed(frame.columns)
    frame, target = _with_names(frame, renamed, at), renamed.get(target, target)
    read = {name: _column(frame, name, at) for name in frame.columns}
    uses = {name: _use(column) for name, column in read.items() if name != target}
    if not {"numbers", "texts"} & {*uses.values()}:  # then a row number may be a time
        uses = {k: "numbers" if use.startswith(ROW_NUMBER) else use for k, use in uses.items()}
    numbers = [name for name, use in uses.items() if use == "numbers"]
    words = [name for name, use in uses.items() if use == "texts"]
    left_out = {name: use for name, use in uses.items() if use not in ("numbers", "texts")}
    if not numbers and not words:
        others = "".join(f"; {name!r} {reason}" for name, reason in left_out.items())
        raise FoursplitError(
            f"{at}: no column but {target!r} holds numbers or a few values: nothing to learn"
            f"{others}"
        )
    classes = _classes(read[target], at)
    numbers += [target] if read[target].holds_numbers else []
    return Schema(
        target=target,
        classes=classes,
        numbers={name: _range(read[name]) for name in numbers},
        texts=_features(frame, words),
        left_out=left_out,
        missing=dict(_missing(read, [*words, *numbers, target], numbers)),
        renamed=renamed,
    )


def task(found: Schema) -> str:
    if not found.classes:
        return "regress"
    return "classify_binary" if len(found.classes) == 2 else "classify"


def _renamed(names: Collection[str]) -> dict[str, str]:
    taken = {*names}
    return {name: _free(f"{name}_in_file", taken) for name in RESERVED if name in taken}


def _with_names(frame: pd.DataFrame, renamed: dict[str, str], at: str) -> pd.DataFrame:
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        raise FoursplitError(
            f"{at}: column {doubled[0]!r} is there twice: rename or remove one of them"
        )
    return frame.rename(columns=renamed)


def _free(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, and take it."""
    found, n = name, 1
    while found in taken:
        n += 1
        found = f"{name}_{n}"
    taken.add(found)
    return found


def _use(column: _Column) -> str:
    """Return `numbers` or `texts`, or the reason why a column is left out."""
    if column.is_empty:
        return "is empty"
    if column.holds_numbers:
        return _why_row_number(column) or "numbers"
    n = column.texts.nunique()
    if n <= MAX_CATEGORIES:
        return "texts"
    if column.odd.mean() >= 0.5:
        return f"has {n:,} different texts (at most {MAX_CATEGORIES} are used)"
    row = int(column.odd.argmax())
    return (
        f"holds numbers, but not in {int(column.odd.sum()):,} rows; the first is row {row + 1}: "
        f"{column.texts.iloc[row]!r}"
    )


def _why_row_number(column: _Column) -> str:
    found = column.numbers
    if len(found) < MIN_ROW_NUMBERS or np.isnan(found).any() or (found % 1 != 0).any():
        return ""
    if (np.diff(found) == 1).all():
        return f"{ROW_NUMBER}: {found[0]:.0f}, {found[1]:.0f}, … {found[-1]:.0f} in order"
    if ID_NAME.fullmatch(str(column.texts.name)) and len({*found.tolist()}) == len(found):
        return f"{ROW_NUMBER}: each row has another number"
    return ""


def _range(column: _Column) -> tuple[float, float]:
    return float(np.nanmin(column.numbers)), float(np.nanmax(column.numbers))


def _classes(column: _Column, at: str) -> tuple[str, ...]:
    target = column.texts.name
    if column.holds_numbers:
        values = sorted({*column.numbers[~column.gaps].tolist()})
    else:
        values = sorted(column.texts.dropna().unique().tolist())
    if len(values) < 2:
        raise FoursplitError(
            f"{at}: target {target!r} has {len(values)} value(s): nothing to tell apart"
        )
    if column.holds_numbers:
        # Only 0, 1, … count as class numbers: other whole numbers are as likely quantities.
        are_classes = len(values) <= MAX_CLASSES and values == [*range(len(values))]
        return tuple(f"{value:g}" for value in values) if are_classes else ()
    if len(values) > MAX_CLASSES:
        raise FoursplitError(
            f"{at}: target {target!r} has {len(values)} different texts; at most {MAX_CLASSES} "
            f"classes are guessed: group them first{_odd_number(column)}"
        )
    _require_distinct(column.texts, at)
    return tuple(values)


def _odd_number(column: _Column) -> str:
    if column.odd.mean() >= 0.5:
        return ""
    row = int(column.odd.argmax())
    return f". If it is a quantity, row {row + 1} is no number: {column.texts.iloc[row]!r}"


def _require_distinct(texts: pd.Series, at: str) -> None:
    """Refuse classes that differ by blanks alone: a model cannot tell them apart."""
    first: dict[str, str] = {}
    for row, value in enumerate(texts.tolist(), start=1):
        if isinstance(value, str) and first.setdefault(value.strip(), value) != value:
            raise FoursplitError(
                f"{at}: target {texts.name!r}, row {row}: {value!r} and {first[value.strip()]!r} "
                "differ by blanks alone: write them alike in the file"
            )


def _features(frame: pd.DataFrame, words: list[str]) -> dict[str, dict[str, str]]:
    """Name a feature for each value of each column of texts, no two alike."""
    taken = {*frame.columns, *RESERVED}
    return {
        name: {
            value: _free(f"{name}_{value}", taken)
            for value in sorted(frame[name].dropna().unique().tolist())
        }
        for name in words
    }


def _missing(
    read: dict[str, _Column], used: list[str], numbers: list[str]
) -> Iterator[tuple[str, tuple[int, int]]]:
    for name in dict.fromkeys(used):
        column = read[name]
        absent = column.gaps if name in numbers else column.texts.isna().to_numpy()
        if absent.any():
            yield name, (int(absent.sum()), int(absent.argmax()) + 1)


def source_block(origin: str) -> dict[str, Any]:
    """Give a split for rows of one distribution; domains are the reader's to declare."""
    shares = {"train": 0.6, "train_dev": 0.1, "dev": 0.15, "test": 0.15}
    return {"origin": origin, "split": {"salt": 1, "source": shares, "near_duplicate": 0.01}}


def baseline_experiment(kind: str) -> dict[str, Any]:
    """Give the first system to build fast: a linear model of the kind the target asks for."""
    model, arguments = {
        "regress": ("linear", {"degree": 1}),
        "classify_binary": ("logistic", {}),
        "classify": ("mlp", {"hidden": [], "dropout": 0.0}),
    }[kind]
    fit = {"learning_rate": 0.03, "batch_size": 64, "max_epochs": 60, "seeds": [1]}
    return {"model": model, "model_args": arguments, "fit": fit}
