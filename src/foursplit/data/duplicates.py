"""Find rows of train and train-dev that repeat a row of dev or test, exactly or nearly.

A model that memorized a test row looks better than it is; a leaking train-dev set turns variance
into data mismatch.  Duplicates are removed, never moved to another split.
"""

import numpy as np

# A duplicate is removed from the split of lower rank.
SPLIT_RANK = {"train": 0, "train_dev": 1, "dev": 2, "test": 3}

CHUNK = 1024  # rows per comparison: a few megabytes

N_PROJECTIONS = 8  # enough to distinguish rows, and few enough for a k-d tree


def mark_exact(content: np.ndarray, splits: np.ndarray) -> np.ndarray:
    """Return a mask of the rows whose exact content is also in a split of higher rank."""
    ranks = np.array([SPLIT_RANK[split] for split in splits])
    highest: dict[str, int] = {}
    for key, rank in zip(content.tolist(), ranks.tolist(), strict=True):
        highest[key] = max(rank, highest.get(key, 0))
    return ranks < np.array([highest[key] for key in content.tolist()])


def mark_near(
    x: np.ndarray, splits: np.ndarray, limit: float, *, inverse_std: np.ndarray | None = None
) -> np.ndarray:
    """Return a mask of the rows of train and train-dev within `limit` of a row of dev or test.

    Distance is the root mean square over inputs, each in standard deviations of train.  Projections
    on a few axes select candidates: no two projections are farther apart than their rows.
    """
    in_train = np.isin(splits, ["train", "train_dev"])
    near = np.zeros(len(x), dtype=bool)
    if limit == 0 or in_train.all() or not in_train.any():
        return near
    from scipy.spatial import cKDTree

    flat = x.reshape(len(x), -1)
    scales = inverse_deviations(flat[splits == "train"]) if inverse_std is None else inverse_std
    projections = _project(flat, scales)
    evaluated, radius = np.flatnonzero(~in_train), limit * flat.shape[1] ** 0.5
    tree = cKDTree(projections[evaluated])
    positions = np.flatnonzero(in_train)
    # Slightly wider, against rounding of the projections; the rows themselves decide.
    neighbours = tree.query_ball_point(projections[positions], radius * (1 + 1e-9) + 1e-9)
    for position, candidates in zip(positions, neighbours, strict=True):
        for start in range(0, len(candidates), CHUNK):
            others = evaluated[candidates[start : start + CHUNK]]
            difference = (flat[others].astype(np.float64) - flat[position]) * scales
            near[position] |= bool(((difference**2).sum(axis=1) <= radius**2).any())
    return near


def inverse_deviations(train: np.ndarray) -> np.ndarray:
    """Return 1 / standard deviation of each input in train; 1 for a constant input."""
    mean = train.mean(axis=0, dtype=np.float64)
    squares = np.zeros_like(mean)
    for start in range(0, len(train), CHUNK):
        squares += ((train[start : start + CHUNK] - mean) ** 2).sum(axis=0)
    std = (squares / len(train)) ** 0.5
    return 1 / np.where(std > 0, std, 1.0)


def _project(flat: np.ndarray, inverse_std: np.ndarray) -> np.ndarray:
    """Project rows (row, input) on a few orthonormal axes (row, axis), the same in every run."""
    n_inputs = flat.shape[1]
    normal = np.random.default_rng(0).normal(size=(n_inputs, min(N_PROJECTIONS, n_inputs)))
    axes = np.linalg.qr(normal)[0]  # (input, axis)
    starts = range(0, len(flat), CHUNK)
    return np.concatenate([(flat[start : start + CHUNK] * inverse_std) @ axes for start in starts])
