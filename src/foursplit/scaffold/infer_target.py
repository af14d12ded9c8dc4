"""Infer what is to be predicted: which task, which classes, and which class is the positive one."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from foursplit.core.column import Column
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.io import raw_columns, tabular
from foursplit.scaffold import infer_columns
from foursplit.scaffold.infer_columns import ColumnFinding

Task = Literal["regress", "classify_binary", "classify"]

TASKS: tuple[Task, ...] = ("regress", "classify_binary", "classify")

MAX_CLASSES = 20  # a target with more values is a quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The column to predict and how its cells are read."""

    name: str
    task: Task
    column: Column
    classes: tuple[str, ...]  # empty: a quantity
    why: str
    shares: tuple[float, ...] = ()  # of the classes
    ends: tuple[float, float] | None = None  # of a quantity
    n_missing: int = 0
    first_missing: int = 0


def infer_target(
    frame: pd.DataFrame, name: str, task: str | None, positive: str | None, at: str
) -> Target:
    """Infer the target; `task` and `positive` are what the user says of it."""
    if task is not None and task not in TASKS:
        raise unknown_name("task", task, TASKS)
    found = infer_columns.infer_column(frame, name, at)
    column = found.column or found.read_as or Column("category")
    _require_distinct(frame[name], at)
    texts, missing_marks = _texts(frame[name])
    classes, why = _classes(texts, column, task, f"{at}: target {name!r}")
    if not classes:
        return _quantity(frame, name, column, found, positive, at)
    classes = _positive_last(classes, positive, f"{at}: target {name!r}")
    absent = ~frame.index.isin(texts.index)
    named = raw_columns.class_texts(texts, classes)
    shares = tuple(float((named == each).mean()) for each in classes)
    return Target(
        name=name,
        task="classify_binary" if len(classes) == 2 and task != "classify" else "classify",
        column=Column("category", missing=missing_marks),
        classes=classes,
        why=why,
        shares=shares,
        n_missing=int(absent.sum()),
        first_missing=int(absent.argmax()) + 1 if absent.any() else 0,
    )


def _texts(values: pd.Series) -> tuple[pd.Series, tuple[str, ...]]:
    """Return the cells of a target, and the texts among them that say it is missing."""
    texts = values.dropna().astype("str").str.strip()
    is_mark = texts.str.casefold().isin(tabular.MISSING)
    if texts[~is_mark].nunique() < 2:
        return texts[texts != ""], ()
    return texts[~is_mark], tuple(sorted({*texts[is_mark]} - {""}))


def _quantity(
    frame: pd.DataFrame,
    name: str,
    column: Column,
    found: ColumnFinding,
    positive: str | None,
    at: str,
) -> Target:
    if positive is not None:
        raise FoursplitError(f"--positive {positive!r}: target {name!r} is a quantity, not a class")
    if found.ends is None:
        found = infer_columns.describe(frame, name, column, found.why, at)
    return Target(
        name=name,
        task="regress",
        column=column,
        classes=(),
        why=found.why,
        ends=found.ends,
        n_missing=found.n_missing,
        first_missing=found.first_missing,
    )


def _classes(
    texts: pd.Series, column: Column, task: str | None, at: str
) -> tuple[tuple[str, ...], str]:
    """Return the classes in order, none for a quantity, and why."""
    values = sorted({*texts.tolist()})
    if len(values) < 2:
        raise FoursplitError(f"{at} has {len(values)} distinct value(s); it needs at least two")
    is_number = column.kind == "number"
    if task == "regress" or (task is None and is_number and not _are_classes(values)):
        if not is_number:
            raise FoursplitError(f"{at} is no quantity: {values[0]!r} is no number")
        return (), ""
    numbers = [raw_columns.plain_number(value) for value in values]
    if is_number and all(number is not None for number in numbers):
        values = [f"{number:g}" for number in sorted({n for n in numbers if n is not None})]
    if len(values) > MAX_CLASSES:
        raise FoursplitError(
            f"{at} has {len(values)} different texts; at most {MAX_CLASSES} classes are supported. "
            "Merge some, or correct the cells that are not numbers if it is a quantity"
        )
    if task == "classify_binary" and len(values) != 2:
        raise FoursplitError(f"{at} has {len(values)} classes, and task classify_binary needs two")
    why = "few whole numbers" if is_number else "texts"
    return tuple(values), why if task is None else f"--task {task}"


def _are_classes(values: list[str]) -> bool:
    """Return whether numbers name classes: two whole numbers, or 0, 1, … or 1, 2, … in a row."""
    numbers = sorted({n for value in values if (n := raw_columns.plain_number(value)) is not None})
    if len(numbers) > MAX_CLASSES or any(n % 1 for n in numbers):
        return False
    return len(numbers) == 2 or numbers in (
        [*range(len(numbers))],
        [*range(1, len(numbers) + 1)],
    )


def _positive_last(classes: tuple[str, ...], positive: str | None, at: str) -> tuple[str, ...]:
    """Return two classes with the positive one second, as metrics and probabilities need it."""
    if positive is None:
        return classes
    if len(classes) != 2:
        raise FoursplitError(f"--positive: {at} has {len(classes)} classes, not two")
    if positive not in classes:
        raise unknown_name("class", positive, classes, at)
    return (next(each for each in classes if each != positive), positive)


def _require_distinct(texts: pd.Series, at: str) -> None:
    """Raise for classes that differ by blanks only, which are probably the same class."""
    first: dict[str, str] = {}
    for row, value in enumerate(texts.tolist(), start=1):
        if isinstance(value, str) and first.setdefault(value.strip(), value) != value:
            raise FoursplitError(
                f"{at}: target {texts.name!r}, row {row}: {value!r} and {first[value.strip()]!r} "
                "differ by blanks only. Write them alike in the file"
            )
