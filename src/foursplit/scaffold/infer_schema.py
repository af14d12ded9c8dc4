"""Infer the schema of a CSV file: features, target and slicing columns."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import OFFICIAL
from foursplit.io import csv_table

MAX_CLASSES = 20  # a whole-number target with more values is a quantity
MAX_CATEGORIES = 12  # values of a categorical column
MIN_ROW_NUMBERS = 10  # fewer consecutive numbers may be a coincidence

RESERVED = ("domain", OFFICIAL)
"""Columns of `read()` with a meaning in Foursplit; such columns of a file are renamed."""

ID_NAME = re.compile(r"Unnamed: \d+|(.*[_\W])?(id|index|row)|.*[a-z](Id|ID)", re.DOTALL)

ROW_NUMBER = "looks like a row number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Use of each column, by its name in the dataset."""

    target: str
    classes: tuple[str, ...]  # of the target; empty: a quantity
    numbers: dict[str, tuple[float, float]]  # with the range; includes a numeric target
    categories: dict[str, dict[str, str]]  # each value, and the name of its 0/1 feature
    excluded: dict[str, str]  # with the reason
    missing: dict[str, tuple[int, int]]  # number of rows, and the first of them, from 1
    renamed: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column's cells as text, as numbers (NaN for other cells), and a mask of missing cells."""

    texts: pd.Series
    numbers: np.ndarray
    missing: np.ndarray

    @property
    def is_empty(self) -> bool:
        return bool(self.missing.all())

    @property
    def is_numeric(self) -> bool:
        return not self.is_empty and not self.not_number.any()

    @property
    def not_number(self) -> np.ndarray:
        """Return a mask of the cells that are neither a number nor missing."""
        mask: np.ndarray = np.isnan(self.numbers) & ~self.missing
        return mask


def _column(frame: pd.DataFrame, name: str, at: str) -> _Column:
    numbers, missing = csv_table.numbers_and_missing(frame, name)
    column = _Column(texts=frame[name], numbers=numbers.to_numpy(), missing=missing)
    if column.is_numeric:
        csv_table.require_finite(frame, name, numbers, at)
    return column


def infer_schema(frame: pd.DataFrame, target: str, at: str = "the file") -> Schema:
    """Infer the use of each column of a frame from `tabular.read_frame`."""
    renamed = _rename_reserved(frame.columns)
    frame, target = _rename(frame, renamed, at), renamed.get(target, target)
    cells = {name: _column(frame, name, at) for name in frame.columns}
    uses = {name: _use(column) for name, column in cells.items() if name != target}
    if not {"numbers", "categories"} & {*uses.values()}:  # then a row number may be a time
        uses = {k: "numbers" if use.startswith(ROW_NUMBER) else use for k, use in uses.items()}
    numbers = [name for name, use in uses.items() if use == "numbers"]
    categorical = [name for name, use in uses.items() if use == "categories"]
    excluded = {name: use for name, use in uses.items() if use not in ("numbers", "categories")}
    if not numbers and not categorical:
        others = "".join(f"; {name!r} {reason}" for name, reason in excluded.items())
        raise FoursplitError(
            f"{at}: no usable input column: besides the target {target!r}, none holds numbers "
            f"or at most {MAX_CATEGORIES} values{others}"
        )
    classes = _classes(cells[target], at)
    numbers += [target] if cells[target].is_numeric else []
    return Schema(
        target=target,
        classes=classes,
        numbers={name: _range(cells[name]) for name in numbers},
        categories=_features(frame, categorical),
        excluded=excluded,
        missing=dict(_missing(cells, [*categorical, *numbers, target], numbers)),
        renamed=renamed,
    )


def infer_task(schema: Schema) -> str:
    if not schema.classes:
        return "regress"
    return "classify_binary" if len(schema.classes) == 2 else "classify"


def _rename_reserved(names: Collection[str]) -> dict[str, str]:
    taken = {*names}
    return {name: _unique(f"{name}_in_file", taken) for name in RESERVED if name in taken}


def _rename(frame: pd.DataFrame, renamed: dict[str, str], at: str) -> pd.DataFrame:
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise FoursplitError(
            f"{at}: column {repeated[0]!r} exists twice. Rename or remove one of them"
        )
    return frame.rename(columns=renamed)


def _unique(name: str, taken: set[str]) -> str:
    """Return a unique name and add it to `taken`."""
    unique, n = name, 1
    while unique in taken:
        n += 1
        unique = f"{name}_{n}"
    taken.add(unique)
    return unique


def _use(column: _Column) -> str:
    """Return `numbers` or `categories`, or the reason why a column is excluded."""
    if column.is_empty:
        return "is empty"
    if column.is_numeric:
        return _row_number_reason(column) or "numbers"
    n = column.texts.nunique()
    if n <= MAX_CATEGORIES:
        return "categories"
    if column.not_number.mean() >= 0.5:
        return f"has {n:,} different texts (at most {MAX_CATEGORIES} are used)"
    row, n_others = int(column.not_number.argmax()), int(column.not_number.sum())
    return (
        f"holds numbers, but not in {n_others:,} rows; the first is row {row + 1}: "
        f"{column.texts.iloc[row]!r}"
    )


def _row_number_reason(column: _Column) -> str:
    numbers = column.numbers
    if len(numbers) < MIN_ROW_NUMBERS or np.isnan(numbers).any() or (numbers % 1 != 0).any():
        return ""
    if (np.diff(numbers) == 1).all():
        return f"{ROW_NUMBER}: {numbers[0]:.0f}, {numbers[1]:.0f}, … {numbers[-1]:.0f} in order"
    if ID_NAME.fullmatch(str(column.texts.name)) and len({*numbers.tolist()}) == len(numbers):
        return f"{ROW_NUMBER}: each row has a different number"
    return ""


def _range(column: _Column) -> tuple[float, float]:
    return float(np.nanmin(column.numbers)), float(np.nanmax(column.numbers))


def _classes(column: _Column, at: str) -> tuple[str, ...]:
    target = column.texts.name
    if column.is_numeric:
        values = sorted({*column.numbers[~column.missing].tolist()})
    else:
        values = sorted(column.texts.dropna().unique().tolist())
    if len(values) < 2:
        raise FoursplitError(
            f"{at}: target {target!r} has {len(values)} distinct value(s); it needs at least two"
        )
    if column.is_numeric:
        # Only 0, 1, … are class numbers: other whole numbers may as well be quantities.
        are_classes = len(values) <= MAX_CLASSES and values == [*range(len(values))]
        return tuple(f"{value:g}" for value in values) if are_classes else ()
    if len(values) > MAX_CLASSES:
        raise FoursplitError(
            f"{at}: target {target!r} has {len(values)} different texts; at most {MAX_CLASSES} "
            f"classes are supported. Merge some{_quantity_hint(column)}"
        )
    _require_distinct(column.texts, at)
    return tuple(values)


def _quantity_hint(column: _Column) -> str:
    if column.not_number.mean() >= 0.5:
        return ""
    row = int(column.not_number.argmax())
    return f". If it is a quantity, row {row + 1} is not a number: {column.texts.iloc[row]!r}"


def _require_distinct(texts: pd.Series, at: str) -> None:
    """Raise for classes that differ by blanks only, which are probably the same class."""
    first: dict[str, str] = {}
    for row, value in enumerate(texts.tolist(), start=1):
        if isinstance(value, str) and first.setdefault(value.strip(), value) != value:
            raise FoursplitError(
                f"{at}: target {texts.name!r}, row {row}: {value!r} and {first[value.strip()]!r} "
                "differ by blanks only. Write them alike in the file"
            )


def _features(frame: pd.DataFrame, columns: list[str]) -> dict[str, dict[str, str]]:
    """Return a unique feature name for each value of each categorical column."""
    taken = {*frame.columns, *RESERVED}
    return {
        name: {
            value: _unique(f"{name}_{value}", taken)
            for value in sorted(frame[name].dropna().unique().tolist())
        }
        for name in columns
    }


def _missing(
    cells: dict[str, _Column], used: list[str], numbers: list[str]
) -> Iterator[tuple[str, tuple[int, int]]]:
    for name in dict.fromkeys(used):
        column = cells[name]
        absent = column.missing if name in numbers else column.texts.isna().to_numpy()
        if absent.any():
            yield name, (int(absent.sum()), int(absent.argmax()) + 1)


def dataset_block(origin: str) -> dict[str, Any]:
    """Return the params.yaml block of a dataset with one domain."""
    shares = {"train": 0.6, "train_dev": 0.1, "dev": 0.15, "test": 0.15}
    return {
        "origin": origin,
        "split": {"seed": 1, "domains": {"source": shares}, "near_duplicate_distance": 0.01},
    }


def baseline_experiment(task_name: str) -> dict[str, Any]:
    """Return the params.yaml block of a first, linear model for the task."""
    model, arguments = {
        "regress": ("linear", {"degree": 1}),
        "classify_binary": ("logistic", {}),
        "classify": ("mlp", {"hidden": [], "dropout": 0.0}),
    }[task_name]
    fit = {"learning_rate": 0.03, "batch_size": 64, "max_epochs": 60, "seeds": [1]}
    return {"model": model, "model_args": arguments, "fit": fit}
