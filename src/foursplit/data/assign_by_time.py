"""Assign rows to the four splits by time: train first, then train-dev, dev and test.

A random split lets a model learn from rows later than those it is judged on, which no model in use
can.  Rows of one time stay together.  With a group column a group belongs to the split of its first
row, and its rows in later windows are left out: so neither time nor group leaks.

Source: Bergmeir and Benítez (2012), On the use of cross-validation for time series predictor
evaluation; Ng (2018), Machine Learning Yearning, chapter 5 (dev and test are of the future).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from foursplit.core.splits import SPLITS


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """The split of each row, and masks of the rows that are left out."""

    splits: np.ndarray
    by_group: np.ndarray  # later rows of a group that an earlier split has
    by_gap: np.ndarray  # rows too near to the next split

    @property
    def removed(self) -> np.ndarray:
        return self.by_group | self.by_gap


def assign_by_time(
    times: np.ndarray, groups: np.ndarray | None, shares: Mapping[str, float], gap: float = 0.0
) -> TimeSplit:
    """Return the splits by shares of the rows in the order of `times`, numbers or datetime64.

    `gap` is in days for dates, else in the unit of `times`.
    """
    splits = _windows(times, shares)
    by_group = np.zeros(len(times), dtype=bool)
    if groups is not None:
        first: dict[str, str] = {}
        for row in np.argsort(times, kind="stable").tolist():
            first.setdefault(groups[row], splits[row])
        of_group = np.array([first[group] for group in groups.tolist()], dtype=object)
        by_group = of_group != splits
        splits = of_group
    by_gap = _too_near(times, splits, by_group, gap)
    return TimeSplit(splits, by_group, by_gap)


def _windows(times: np.ndarray, shares: Mapping[str, float]) -> np.ndarray:
    """Return the split of each row by the share of rows before its time."""
    _, place, counts = np.unique(times, return_inverse=True, return_counts=True)
    before = (np.cumsum(counts) - counts) / len(times)  # of each time, rows that are earlier
    names = [split for split in SPLITS if shares.get(split, 0.0) > 0]
    edges = np.cumsum([shares[split] for split in names])[:-1]
    chosen = np.searchsorted(edges - 1e-12, before, side="right")
    return np.array(names, dtype=object)[chosen][place.reshape(len(times))]


def _too_near(times: np.ndarray, splits: np.ndarray, out: np.ndarray, gap: float) -> np.ndarray:
    """Return a mask of the rows less than `gap` before the first row of the next split."""
    near = np.zeros(len(times), dtype=bool)
    if gap == 0:
        return near
    is_date = np.issubdtype(times.dtype, np.datetime64)
    numbers = times.astype("datetime64[us]").astype(np.int64) / 86_400e6 if is_date else times
    present = [split for split in SPLITS if ((splits == split) & ~out).any()]
    for split, following in pairwise(present):
        start = numbers[(splits == following) & ~out].min()
        near |= (splits == split) & ~out & (start - numbers < gap)
    return near
