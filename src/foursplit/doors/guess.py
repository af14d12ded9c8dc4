"""First guesses about a CSV file: what predicts, what is predicted, and what to slice on."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core import csv_table, tabular
from foursplit.core.errors import Refusal
from foursplit.core.examples import OFFICIAL

MAX_CLASSES = 20  # a whole-number target with more values is taken for a quantity
MAX_VALUES = 12  # of a column worth slicing on, or worth a column a value
MIN_ROWS = 10  # fewer numbers in order are no sign of row numbers

RESERVED = ("domain", OFFICIAL)
"""Columns of `read()` that say where a row belongs; in a file they may mean anything."""

ID = re.compile(r"Unnamed: \d+|(.*[_\W])?(id|index|row)|.*[a-z](Id|ID)", re.DOTALL)

ROW_NUMBER = "looks like a row number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How the columns of a file will be used, by the names they have in the source."""

    target: str
    classes: tuple[str, ...]  # of the target; empty: a quantity
    numbers: dict[str, tuple[float, float]]  # the target too where it holds numbers
    texts: dict[str, dict[str, str]]  # each value, and the feature that is 1 where it stands
    left_out: dict[str, str]  # with the reason
    missing: dict[str, tuple[int, int]]  # number of rows, and the first of them, from 1
    renamed: dict[str, str]


def columns(frame: pd.DataFrame, target: str, at: str = "the file") -> Columns:
    """Look at the values of each column of a frame that `tabular.read_frame` returned."""
    renamed = _renamed(frame.columns)
    frame, target = _with_names(frame, renamed, at), renamed.get(target, target)
    uses = {name: _use(frame, name) for name in frame.columns if name != target}
    if not {"numbers", "texts"} & {*uses.values()}:  # then a row number may be a time
        uses = {k: "numbers" if use.startswith(ROW_NUMBER) else use for k, use in uses.items()}
    numbers = [name for name, use in uses.items() if use == "numbers"]
    words = [name for name, use in uses.items() if use == "texts"]
    left_out = {name: use for name, use in uses.items() if use not in ("numbers", "texts")}
    if not numbers and not words:
        others = "".join(f"; {name!r} {reason}" for name, reason in left_out.items())
        raise Refusal(
            f"{at}: no column but {target!r} holds numbers or a few values: nothing to learn"
            f"{others}"
        )
    classes = _classes(frame, target, at)
    numbers += [target] if _holds_numbers(frame, target) else []
    return Columns(
        target=target,
        classes=classes,
        numbers={name: _range(frame, name, at) for name in numbers},
        texts=_features(frame, words),
        left_out=left_out,
        missing=dict(_missing(frame, [*words, *numbers, target], numbers)),
        renamed=renamed,
    )


def task(found: Columns) -> str:
    if not found.classes:
        return "regress"
    return "classify_binary" if len(found.classes) == 2 else "classify"


def _renamed(names: Collection[str]) -> dict[str, str]:
    taken = {*names}
    return {name: _free(f"{name}_in_file", taken) for name in RESERVED if name in taken}


def _with_names(frame: pd.DataFrame, renamed: dict[str, str], at: str) -> pd.DataFrame:
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        raise Refusal(f"{at}: column {doubled[0]!r} is there twice: rename or remove one of them")
    return frame.rename(columns=renamed)


def _free(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, and take it."""
    found, n = name, 1
    while found in taken:
        n += 1
        found = f"{name}_{n}"
    taken.add(found)
    return found


def _use(frame: pd.DataFrame, name: str) -> str:
    """Return `numbers` or `texts`, or the reason why a column is left out."""
    if tabular.missing(frame[name]).all():
        return "is empty"
    if _holds_numbers(frame, name):
        return _why_row_number(frame, name) or "numbers"
    n = frame[name].nunique()
    if n <= MAX_VALUES:
        return "texts"
    numeric = tabular.numbers(frame, name).notna().to_numpy()
    odd = ~numeric & ~tabular.missing(frame[name])
    if numeric.mean() <= 0.5:
        return f"has {n:,} different texts (at most {MAX_VALUES} are used)"
    row = int(odd.argmax())
    return (
        f"holds numbers, but not in {int(odd.sum()):,} rows; the first is row {row + 1}: "
        f"{frame[name].iloc[row]!r}"
    )


def _holds_numbers(frame: pd.DataFrame, name: str) -> bool:
    missing = tabular.missing(frame[name])
    found = tabular.numbers(frame, name).notna().to_numpy() | missing
    return bool(found.all() and not missing.all())


def _why_row_number(frame: pd.DataFrame, name: str) -> str:
    found = tabular.numbers(frame, name).to_numpy()
    if len(found) < MIN_ROWS or not np.isfinite(found).all() or (found % 1 != 0).any():
        return ""
    if (np.diff(found) == 1).all():
        return f"{ROW_NUMBER}: {found[0]:.0f}, {found[1]:.0f}, … {found[-1]:.0f} in order"
    if ID.fullmatch(name) and len({*found.tolist()}) == len(found):
        return f"{ROW_NUMBER}: each row has another number"
    return ""


def _range(frame: pd.DataFrame, name: str, at: str) -> tuple[float, float]:
    found = csv_table.to_numbers(frame, name, at)
    return float(found.min()), float(found.max())


def _classes(frame: pd.DataFrame, target: str, at: str) -> tuple[str, ...]:
    if _holds_numbers(frame, target):
        values = sorted({*csv_table.to_numbers(frame, target, at).dropna().tolist()})
        names = tuple(f"{value:g}" for value in values)
    else:
        values = sorted(frame[target].dropna().unique().tolist())
        names = tuple(values)
    if len(values) < 2:
        raise Refusal(f"{at}: target {target!r} has {len(values)} value(s): nothing to tell apart")
    if _holds_numbers(frame, target):
        # Only 0, 1, … count as class numbers: other whole numbers are as likely quantities.
        return names if len(names) <= MAX_CLASSES and values == [*range(len(values))] else ()
    if len(values) > MAX_CLASSES:
        raise Refusal(
            f"{at}: target {target!r} has {len(values)} different texts; at most {MAX_CLASSES} "
            f"classes are guessed: group them first{_odd_number(frame, target)}"
        )
    _require_distinct(frame, target, at)
    return names


def _odd_number(frame: pd.DataFrame, target: str) -> str:
    numeric = tabular.numbers(frame, target).notna().to_numpy() | tabular.missing(frame[target])
    if numeric.mean() <= 0.5:
        return ""
    row = int((~numeric).argmax())
    return f". If it is a quantity, row {row + 1} is no number: {frame[target].iloc[row]!r}"


def _require_distinct(frame: pd.DataFrame, target: str, at: str) -> None:
    """Refuse classes that differ by blanks alone: a model cannot tell them apart."""
    first: dict[str, str] = {}
    for row, value in enumerate(frame[target].tolist(), start=1):
        if isinstance(value, str) and first.setdefault(value.strip(), value) != value:
            raise Refusal(
                f"{at}: target {target!r}, row {row}: {value!r} and {first[value.strip()]!r} "
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
    frame: pd.DataFrame, used: list[str], numbers: list[str]
) -> Iterator[tuple[str, tuple[int, int]]]:
    for name in dict.fromkeys(used):
        absent = tabular.missing(frame[name]) if name in numbers else frame[name].isna().to_numpy()
        if absent.any():
            yield name, (int(absent.sum()), int(absent.argmax()) + 1)


def source_block(origin: str) -> dict[str, Any]:
    """Give a split for rows of one distribution; domains are the reader's to declare."""
    shares = {"train": 0.6, "train_dev": 0.1, "dev": 0.15, "test": 0.15}
    return {"origin": origin, "split": {"salt": 1, "source": shares, "near_duplicate": 0.01}}


def experiment(kind: str) -> dict[str, Any]:
    """Give the first system to build fast: a linear model of the kind the target asks for."""
    model, arguments = {
        "regress": ("linear", {"degree": 1}),
        "classify_binary": ("logistic", {}),
        "classify": ("mlp", {"hidden": [], "dropout": 0.0}),
    }[kind]
    fit = {"learning_rate": 0.03, "batch_size": 64, "max_epochs": 60, "seeds": [1]}
    return {"model": model, "model_args": arguments, "fit": fit}
