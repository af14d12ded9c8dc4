"""Error by slice of dev: the values of each metadata column."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from foursplit.core.examples import META
from foursplit.reporting.numbers import percent

MAX_SLICES = 20  # of a column: those with the largest share of the error
MIN_EXAMPLES = 30  # below which the error of a slice is imprecise


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The examples with one value of a metadata column."""

    value: str
    n: int
    error: float
    share_of_error: float  # of the total error on dev

    @property
    def text(self) -> str:
        return percent(self.error)

    @property
    def is_small(self) -> bool:
        return self.n < MIN_EXAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicedColumn:
    """A metadata column and its slices, highest error first."""

    name: str
    slices: tuple[Slice, ...]
    n_hidden: int

    @property
    def max_error(self) -> float:
        """Return the error of the longest bar."""
        return max((s.error for s in self.slices), default=0.0) or 1.0


def by_column(table: pd.DataFrame) -> list[SlicedColumn]:
    """Slice a prediction table by each of its metadata columns."""
    return [_slice(table, name) for name in table.columns if name.startswith(META)]


def _slice(table: pd.DataFrame, column: str) -> SlicedColumn:
    total = float((table["loss"] * table["weight"]).sum())
    slices = []
    for value, rows in table.groupby(table[column].astype(str), sort=True):
        weights = rows["weight"].to_numpy(np.float64)
        losses = rows["loss"].to_numpy(np.float64)
        slices.append(
            Slice(
                value=str(value),
                n=len(rows),
                error=float(np.average(losses, weights=weights)),
                share_of_error=float((losses * weights).sum()) / total if total else 0.0,
            )
        )
    largest = sorted(slices, key=lambda s: (-s.share_of_error, s.value))[:MAX_SLICES]
    return SlicedColumn(
        name=column.removeprefix(META),
        slices=tuple(sorted(largest, key=lambda s: (-s.error, s.value))),
        n_hidden=len(slices) - len(largest),
    )
