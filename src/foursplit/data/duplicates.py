"""Rows of train or train-dev that dev or test also holds, exactly or nearly: found and set aside.

A model that learnt a test row by heart looks better than it is; a train-dev set that leaks shrinks
the variance and turns it into a mismatch.  Rows are set aside, never moved.
"""

import numpy as np

# Whom a duplicate is taken from: the split that judges keeps it.
SPLIT_RANK = {"train": 0, "train_dev": 1, "dev": 2, "test": 3}

CHUNK = 1024  # rows compared at once: a few megabytes

N_PROJECTIONS = 8  # of the shadows: enough to tell rows apart, and few enough for a tree


def mark_exact(content: np.ndarray, splits: np.ndarray) -> np.ndarray:
    """Mark the rows whose very content lies in a split of higher rank."""
    ranks = np.array([SPLIT_RANK[split] for split in splits])
    highest: dict[str, int] = {}
    for key, rank in zip(content.tolist(), ranks.tolist(), strict=True):
        highest[key] = max(rank, highest.get(key, 0))
    return ranks < np.array([highest[key] for key in content.tolist()])


def mark_near(x: np.ndarray, splits: np.ndarray, limit: float) -> np.ndarray:
    """Mark the rows of train and train-dev within `limit` of a row of dev or test.

    Distance is the root mean square over inputs, each in standard deviations of train.  Rows are
    compared in full only where their shadows on a few axes lie as close: no shadow is farther
    from another than the rows are.
    """
    learnt = np.isin(splits, ["train", "train_dev"])
    close = np.zeros(len(x), dtype=bool)
    if limit == 0 or learnt.all() or not learnt.any():
        return close
    from scipy.spatial import cKDTree

    flat = x.reshape(len(x), -1)
    scale = _scale(flat[splits == "train"])
    shadows = _shadows(flat, scale)
    judged, radius = np.flatnonzero(~learnt), limit * flat.shape[1] ** 0.5
    tree = cKDTree(shadows[judged])
    positions = np.flatnonzero(learnt)
    # A hair wider, for what the shadows lost in rounding; the rows themselves decide.
    found = tree.query_ball_point(shadows[positions], radius * (1 + 1e-9) + 1e-9)
    for position, candidates in zip(positions, found, strict=True):
        for start in range(0, len(candidates), CHUNK):
            others = judged[candidates[start : start + CHUNK]]
            away = (flat[others].astype(np.float64) - flat[position]) * scale
            close[position] |= bool(((away**2).sum(axis=1) <= radius**2).any())
    return close


def _scale(train: np.ndarray) -> np.ndarray:
    """Give one over each input's standard deviation in train; 1 where it never varies."""
    mean = train.mean(axis=0, dtype=np.float64)
    squares = np.zeros_like(mean)
    for start in range(0, len(train), CHUNK):
        squares += ((train[start : start + CHUNK] - mean) ** 2).sum(axis=0)
    spread = (squares / len(train)) ** 0.5
    return 1 / np.where(spread > 0, spread, 1.0)


def _shadows(flat: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Project rows (row, input) on a few orthonormal axes (row, axis), the same in every run."""
    n_inputs = flat.shape[1]
    drawn = np.random.default_rng(0).normal(size=(n_inputs, min(N_PROJECTIONS, n_inputs)))
    axes = np.linalg.qr(drawn)[0]  # (input, axis)
    parts = range(0, len(flat), CHUNK)
    return np.concatenate([(flat[start : start + CHUNK] * scale) @ axes for start in parts])
