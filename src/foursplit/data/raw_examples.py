"""Examples of a table whose columns are preprocessed by each experiment: raw cells, not inputs.

`x` has the columns of numbers, NaN where a cell is missing; the metadata have all inputs as they
were read, under `raw.`, from which `training/preprocess.py` makes what a model reads.
"""

import hashlib
import json
from collections.abc import Mapping

import numpy as np
import pandas as pd

from foursplit.core.column import Column
from foursplit.core.examples import RAW, Examples
from foursplit.data import duplicates


def numbers(frame: pd.DataFrame, columns: Mapping[str, Column]) -> np.ndarray:
    """Return the columns of numbers, (example, column) float32, NaN for a missing cell."""
    names = [name for name, column in columns.items() if column.kind == "number"]
    values: np.ndarray = frame[names].to_numpy(np.float32)
    return values


def content(frame: pd.DataFrame, columns: Mapping[str, Column]) -> list[str]:
    """Hash all inputs of each row."""
    cells = [
        frame[name].astype(object).map(_cell).tolist() if column.kind == "date"
        else frame[name].tolist()
        for name, column in columns.items()
    ]  # fmt: skip
    return [
        hashlib.sha256(json.dumps(row).encode()).hexdigest()[:16]
        for row in zip(*cells, strict=True)
    ]


def _cell(value: object) -> str | None:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]


def of_frame(parsed: pd.DataFrame, columns: Mapping[str, Column]) -> Examples:
    """Return rows without target as examples, from columns that `io/raw_columns.py` parsed."""
    metadata = parsed[list(columns)].rename(columns=lambda name: RAW + name)
    return Examples(x=numbers(parsed, columns), metadata=metadata)


def frame_of(examples: Examples) -> pd.DataFrame:
    """Return the inputs as they were read, by the names of their columns."""
    rows = examples.metadata
    names = [name for name in rows.columns if name.startswith(RAW)]
    return rows[names].rename(columns=lambda name: name.removeprefix(RAW))


def mark_near(
    examples: Examples, columns: Mapping[str, Column], splits: np.ndarray, limit: float
) -> np.ndarray:
    """Return a mask of the rows of train and train-dev near a row of dev or test.

    Near are rows whose numbers are, and whose other cells are equal, missing ones among them.
    """
    near = np.zeros(len(examples), dtype=bool)
    if limit == 0 or not examples.x.shape[1]:  # type: ignore[union-attr]
        return near
    x = np.asarray(examples.x)
    raw = frame_of(examples)
    others = [name for name, column in columns.items() if column.kind != "number"]
    keys = [
        str(key)
        for key in zip(np.isnan(x).tolist(), *(raw[n].tolist() for n in others), strict=True)
    ]
    codes = pd.factorize(np.array(keys, dtype=object))[0]
    filled = np.nan_to_num(x)
    inverse_std = duplicates.inverse_deviations(filled[splits == "train"])
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        if len(rows) > 1:
            near[rows] = duplicates.mark_near(
                filled[rows], splits[rows], limit, inverse_std=inverse_std
            )
    return near
