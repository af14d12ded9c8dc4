"""How unlike train an input is: by its distance to the nearest example of train.

A model answers any input, also one whose like it has never seen.  Train-dev, which the model has
not seen either, says what distance is usual.
Source: Ng, DLS C1 W2 (a picture of one's own); the distance as a score of novelty: Knorr and Ng
(1998), Algorithms for mining distance-based outliers in large datasets.
"""

import numpy as np

MAX_TRAIN, MAX_HELD_OUT = 5000, 500  # examples that are compared

UNUSUAL = 0.99  # from this share of train-dev on, an input is called unlike train


def share_nearer(x: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Return for each input the share of held-out examples that are nearer to train, 0 to 1.

    All are (example, …); distances are Euclidean, after train's mean and deviation are taken out.
    """
    flat = [_flat(block) for block in (x, train[:MAX_TRAIN], held_out[:MAX_HELD_OUT])]
    mean, deviation = flat[1].mean(axis=0), flat[1].std(axis=0)
    deviation[deviation == 0] = deviation[deviation > 0].mean() if (deviation > 0).any() else 1.0
    new, seen, usual = ((block - mean) / deviation for block in flat)
    distances = np.sort(_nearest(usual, seen))
    return np.searchsorted(distances, _nearest(new, seen), side="left") / len(distances)


def _flat(block: np.ndarray) -> np.ndarray:
    return np.asarray(block, dtype=np.float64).reshape(len(block), -1)


def _nearest(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the distance of each point to the nearest one seen."""
    squares = (seen**2).sum(axis=1)
    nearest = [np.min(squares - 2 * (seen @ point)) + (point**2).sum() for point in points]
    return np.sqrt(np.maximum(nearest, 0))
