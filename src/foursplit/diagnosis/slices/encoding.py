"""Dev with small integer codes: frequent values of each column, and quantities in bins."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.prediction_table import META, PredictionTable

MIN_SHARE = 0.005  # of the rows; a rarer value is no slice
N_BINS = 10

SliceKey = tuple[tuple[int, int], ...]  # (column, code), ascending


@dataclass(frozen=True, kw_only=True)
class EncodedDev:
    """Dev with integer codes for the columns to slice by."""

    names: list[str]  # of the columns
    labels: list[list[str]]  # of codes 1, 2, … of each column; 0 is every rare value
    codes: np.ndarray  # (column, row), small integers
    loss: np.ndarray
    weight: np.ndarray
    groups: np.ndarray
    grouped: bool  # False: each row is its own group
    plain: bool  # losses of 0 and 1 on independent rows of equal weight

    def take(self, rows: np.ndarray) -> "EncodedDev":
        return EncodedDev(
            names=self.names,
            labels=self.labels,
            codes=np.compress(rows, self.codes, axis=1),
            loss=self.loss[rows],
            weight=self.weight[rows],
            groups=self.groups[rows],
            grouped=self.grouped,
            plain=self.plain,
        )

    @cached_property
    def group_weight(self) -> np.ndarray:
        """Return the weight of each group; 0 for groups without rows here."""
        return np.bincount(self.groups, self.weight) if self.grouped else self.weight

    @cached_property
    def group_weighted_loss(self) -> np.ndarray:
        """Return the weighted loss of each group."""
        lost = self.weight * self.loss
        return np.bincount(self.groups, lost) if self.grouped else lost

    def inside(self, key: SliceKey) -> np.ndarray:
        """Return which rows are in the slice."""
        return np.logical_and.reduce([self.codes[column] == code for column, code in key])

    def where(self, key: SliceKey) -> dict[str, str]:
        return {self.names[column]: self.labels[column][code - 1] for column, code in key}


def encode(table: PredictionTable) -> EncodedDev:
    """Encode the meta columns; losses are not used, so later tests stay independent."""
    min_rows = max(1, int(MIN_SHARE * len(table)))
    columns = [(name, *_codes(table.frame[name], min_rows)) for name in sorted(table.searched)]
    grouped = int(table.groups.max()) + 1 < len(table)
    plain = not grouped and bool(np.isin(table.loss, (0.0, 1.0)).all())
    return EncodedDev(
        names=[name.removeprefix(META) for name, _, _ in columns],
        labels=[labels for _, labels, _ in columns],
        codes=np.stack([codes for _, _, codes in columns]),
        loss=table.loss,
        weight=table.weight / table.weight.mean(),
        groups=table.groups,
        grouped=grouped,
        plain=plain and bool((table.weight == table.weight[0]).all()),
    )


def _codes(values: pd.Series, min_rows: int) -> tuple[list[str], np.ndarray]:
    """Return labels and codes of values with `min_rows` rows or more; other rows have code 0."""
    if _is_quantity(values):
        code, labels = _binned(values.to_numpy(np.float64, na_value=np.nan))
    else:
        code, labels = _factorized(values)
    count = np.bincount(code, minlength=len(labels))
    # A value that all rows share splits nothing.
    frequent = [int(k) for k in np.flatnonzero(count >= min_rows) if count[k] < len(values)]
    frequent = sorted(frequent, key=lambda k: str(labels[k]))
    table = np.zeros(len(labels), dtype=np.uint8)  # at most 1 / LEAST_SHARE = 200 values are kept
    table[frequent] = np.arange(1, len(frequent) + 1)
    return [str(labels[k]) for k in frequent], table[code]


def _is_quantity(values: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return False
    return values.iloc[:10_000].nunique() > N_BINS or values.nunique() > N_BINS


def _binned(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    present = values[~np.isnan(values)]
    edges = np.unique(np.quantile(present, np.arange(1, N_BINS) / N_BINS))
    code = np.searchsorted(edges, values, side="right")
    code[np.isnan(values)] = len(edges) + 1
    text = [f"{edge:.6g}" for edge in edges]
    between = [f"{a} to below {b}" for a, b in pairwise(text)]
    return code, [f"below {text[0]}", *between, f"{text[-1]} or more", "missing"]


def _factorized(values: pd.Series) -> tuple[np.ndarray, Any]:
    try:
        code, names = pd.factorize(values)
    except TypeError:  # lists and the like
        code, names = pd.factorize(values.astype(str))
    return code + 1, _Labels(names)


class _Labels:
    """Labels by code, formatted on demand: there may be millions."""

    def __init__(self, names: Any) -> None:
        self.names = names

    def __len__(self) -> int:
        return len(self.names) + 1

    def __getitem__(self, code: int) -> str:
        return "missing" if code == 0 else str(self.names[code - 1])
