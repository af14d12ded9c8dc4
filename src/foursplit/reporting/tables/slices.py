"""Error by slice: where on dev the model is wrong more often than elsewhere."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from foursplit.core.examples import META
from foursplit.reporting.numbers import percent

MOST = 20  # values of a column that are shown: those with most of the error
FEW = 30  # examples below which an error says little


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The examples that share a value."""

    value: str
    n: int
    error: float
    share_of_error: float  # of all the error on dev

    @property
    def text(self) -> str:
        return percent(self.error)

    @property
    def few(self) -> bool:
        return self.n < FEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliced:
    """A metadata column and its slices, worst first."""

    column: str
    slices: tuple[Slice, ...]
    n_left_out: int

    @property
    def widest(self) -> float:
        """Give the error that the longest bar stands for."""
        return max((s.error for s in self.slices), default=0.0) or 1.0


def by_column(table: pd.DataFrame) -> list[Sliced]:
    """Slice a prediction table by each of its metadata columns."""
    return [_slice(table, name) for name in table.columns if name.startswith(META)]


def _slice(table: pd.DataFrame, column: str) -> Sliced:
    lost = float((table["loss"] * table["weight"]).sum())
    found = []
    for value, rows in table.groupby(table[column].astype(str), sort=True):
        weights = rows["weight"].to_numpy(np.float64)
        losses = rows["loss"].to_numpy(np.float64)
        found.append(
            Slice(
                value=str(value),
                n=len(rows),
                error=float(np.average(losses, weights=weights)),
                share_of_error=float((losses * weights).sum()) / lost if lost else 0.0,
            )
        )
    kept = sorted(found, key=lambda s: (-s.share_of_error, s.value))[:MOST]
    return Sliced(
        column=column.removeprefix(META),
        slices=tuple(sorted(kept, key=lambda s: (-s.error, s.value))),
        n_left_out=len(found) - len(kept),
    )
