"""First guesses about a CSV file: what predicts, what is predicted, and what to slice on."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from foursplit.core.errors import Refusal

MAX_CLASSES = 20  # a whole-number target with more values is taken for a quantity
MAX_VALUES = 12  # of a column worth slicing on, or worth a column a value


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How the columns of a file will be used."""

    numbers: tuple[str, ...]
    words: tuple[str, ...]  # few values each: one column of 0 and 1 for each value
    left_out: tuple[str, ...]
    classes: tuple[str, ...]  # of the target; empty: a quantity


def columns(frame: pd.DataFrame, target: str) -> Columns:
    """Look at each column's type and number of values."""
    numbers, words, left_out = [], [], []
    for name in map(str, frame.columns):
        if name == target:
            continue
        if pd.api.types.is_numeric_dtype(frame[name]):
            numbers.append(name)
        elif frame[name].nunique() <= MAX_VALUES:
            words.append(name)
        else:
            left_out.append(name)  # names, free text, dates
    if not numbers and not words:
        raise Refusal(f"no column but {target!r} holds numbers or a few values: nothing to learn")
    return Columns(
        numbers=tuple(numbers),
        words=tuple(words),
        left_out=tuple(left_out),
        classes=_classes(frame[target]),
    )


def _classes(values: pd.Series) -> tuple[str, ...]:
    found = sorted(values.dropna().unique().tolist(), key=str)
    if len(found) < 2:
        raise Refusal(f"target {values.name!r} has {len(found)} value(s): nothing to tell apart")
    if not pd.api.types.is_numeric_dtype(values):
        if len(found) > MAX_CLASSES:
            raise Refusal(
                f"target {values.name!r} has {len(found)} different texts; at most {MAX_CLASSES} "
                "classes are guessed: group them first"
            )
        return tuple(map(str, found))
    numbers = sorted(float(v) for v in found)
    # Only 0, 1, … count as class numbers: other whole numbers are as likely quantities.
    if numbers == list(range(len(numbers))) and len(numbers) <= MAX_CLASSES:
        return tuple(f"{value:.0f}" for value in numbers)
    return ()


def task(found: Columns) -> str:
    if not found.classes:
        return "regress"
    return "classify_binary" if len(found.classes) == 2 else "classify"


def text(found: Columns, frame: pd.DataFrame, target: str) -> dict[str, str]:
    """Give the parts of the source file that depend on the columns."""
    dummies = [f"{name}_{value}" for name in found.words for value in _values(frame, name)]
    encoding = "".join(
        f"    for value in {_values(frame, name)!r}:\n"
        f'        frame[f"{name}_{{value}}"] = (frame[{name!r}].astype(str) == value) * 1.0\n'
        for name in found.words
    )
    return {
        "features": _tuple([*found.numbers, *dummies]),
        "classes": repr(found.classes),
        "slices": repr(found.words),
        "encoding": encoding,
        "expectations": "\n".join(_expectations(found, frame, target)),
    }


def _expectations(found: Columns, frame: pd.DataFrame, target: str) -> list[str]:
    quantities = [*found.numbers, *([] if found.classes else [target])]
    lines = []
    for name in quantities:
        low, high = float(frame[name].min()), float(frame[name].max())
        lines.append(
            f"        gxe.ExpectColumnValuesToBeBetween(\n            column={name!r}, "
            f"min_value={low!r}, max_value={high!r}\n        ),"
        )
    lines += [
        f"        gxe.ExpectColumnValuesToBeInSet(\n            column={name!r}, "
        f"value_set={_values(frame, name)!r}\n        ),"
        for name in found.words
    ]
    if found.classes:
        valid = sorted(frame[target].dropna().unique().tolist())
        lines.append(
            f"        gxe.ExpectColumnValuesToBeInSet(column={target!r}, value_set={valid!r}),"
        )
    return lines


def _values(frame: pd.DataFrame, name: str) -> list[str]:
    return sorted(map(str, frame[name].dropna().unique()))


def _tuple(names: list[str]) -> str:
    lines = "".join(f"    {name!r},\n" for name in names)
    return f"(\n{lines})"


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
