"""Lagged features: sums and counts over strictly earlier rows of the same key."""

import numpy as np


def lagged_sums(
    values: np.ndarray, key: np.ndarray, time: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sum (row, column) `values` over rows of equal `key` with a strictly smaller `time`.

    Returns the sums, (row, column), and the number of rows, (row,).  Rows with equal time do not
    count for each other: of ten films rated in one second, none is a feature of another.
    """
    if not len(values) == len(key) == len(time):
        raise ValueError(
            f"values, key and time: {len(values)}, {len(key)} and {len(time)} rows must be equal"
        )
    if len(values) == 0:
        return values.astype(np.float64), np.zeros(0, dtype=np.int64)
    order = np.lexsort((time, key))
    keys, times = key[order], time[order]
    begins = np.r_[True, keys[1:] != keys[:-1]]  # a key's first row
    moves = begins | np.r_[True, times[1:] != times[:-1]]  # a moment's first row
    position = np.arange(len(order))
    of_key = np.maximum.accumulate(np.where(begins, position, 0))
    of_moment = np.maximum.accumulate(np.where(moves, position, 0))
    before = np.zeros((len(order) + 1, values.shape[1]))  # sums of all rows above
    np.cumsum(values[order], axis=0, out=before[1:])
    totals, counts = np.empty_like(before[1:]), np.empty(len(order), dtype=np.int64)
    totals[order] = before[of_moment] - before[of_key]
    counts[order] = of_moment - of_key
    return totals, counts
