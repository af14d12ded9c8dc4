"""Rows of train or train-dev that dev or test also holds, exactly or nearly: found and set aside.

A model that learnt a test row by heart looks better than it is; a train-dev set that leaks shrinks
the variance and turns it into a mismatch.  Rows are set aside, never moved.
"""

import numpy as np

# Whom a duplicate is taken from: the split that judges keeps it.
RANK = {"train": 0, "train_dev": 1, "dev": 2, "test": 3}

CHUNK = 1024  # rows compared at once: a few megabytes


def exact(content: np.ndarray, splits: np.ndarray) -> np.ndarray:
    """Mark the rows whose very content lies in a split of higher rank."""
    ranks = np.array([RANK[split] for split in splits])
    highest: dict[str, int] = {}
    for key, rank in zip(content.tolist(), ranks.tolist(), strict=True):
        highest[key] = max(rank, highest.get(key, 0))
    return ranks < np.array([highest[key] for key in content.tolist()])


def near(x: np.ndarray, splits: np.ndarray, limit: float) -> np.ndarray:
    """Mark the rows of train and train-dev within `limit` of a row of dev or test.

    Distance is the root mean square over inputs, each in standard deviations of train.
    """
    learnt = np.isin(splits, ["train", "train_dev"])
    close = np.zeros(len(x), dtype=bool)
    if limit == 0 or learnt.all() or not learnt.any():
        return close
    flat = x.reshape(len(x), -1).astype(np.float64)
    spread = flat[splits == "train"].std(axis=0)
    flat = flat / np.where(spread > 0, spread, 1.0)
    judged = flat[~learnt]
    norms = (judged**2).sum(axis=1)
    positions = np.flatnonzero(learnt)
    for start in range(0, len(positions), CHUNK):
        chosen = positions[start : start + CHUNK]
        rows = flat[chosen]
        squares = (rows**2).sum(axis=1)[:, None] + norms - 2 * rows @ judged.T
        close[chosen] = squares.min(axis=1) <= limit**2 * flat.shape[1]
    return close
