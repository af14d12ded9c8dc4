"""K-means with k-means++ initialization, restarts and repair of empty clusters.

Source: Ng, MLS C3 W1; Lloyd (1982), "Least squares quantization in PCM"; Arthur and Vassilvitskii
(2007), "k-means++: the advantages of careful seeding".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

CHUNK_DISTANCES = 16_384  # (cluster, example) distances computed at once: they fit the cache

Init = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
"""Draws initial (cluster, input) centroids from (example, input)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """Result of the restart with the lowest inertia."""

    centroids: np.ndarray  # (cluster, input)
    labels: np.ndarray  # (example,), index of the nearest centroid
    inertia: float  # sum of squared distances to the nearest centroid
    n_iter: int
    inertias: tuple[float, ...]  # final inertia of each restart


def fit(  # noqa: PLR0913, scikit-learn's arguments, keyword-only
    x: np.ndarray,
    n_clusters: int,
    *,
    rng: np.random.Generator,
    n_init: int = 10,
    max_iter: int = 300,
    tol: float = 1e-4,
    init: Init | None = None,
) -> Clustering:
    """Cluster (example, input) `n_init` times and return the run with the lowest inertia.

    Raises ValueError if there are fewer examples than clusters, or a count is below 1.
    """
    if n_init < 1:
        raise ValueError(f"n_init: {n_init} must be at least 1")
    runs = [
        lloyd(x, (init or init_kmeans_plus_plus)(x, n_clusters, rng), max_iter=max_iter, tol=tol)
        for _ in range(n_init)
    ]
    best = min(runs, key=lambda run: run.inertia)
    return Clustering(
        centroids=best.centroids,
        labels=best.labels,
        inertia=best.inertia,
        n_iter=best.n_iter,
        inertias=tuple(run.inertia for run in runs),
    )


def lloyd(
    x: np.ndarray, centroids: np.ndarray, *, max_iter: int = 300, tol: float = 1e-4
) -> Clustering:
    """Run Lloyd's algorithm from (cluster, input) `centroids` until convergence.

    Stops when the summed squared shifts of the centroids are at most `tol` times the mean variance.
    """
    x = _validated(x, len(centroids))
    data = _CenteredData(x)
    limit = tol * float(x.var(axis=0).mean())
    updated, n_iter = np.asarray(centroids, np.float64), 0
    while n_iter < max_iter:
        previous, n_iter = updated, n_iter + 1
        updated = data.step(previous)[0]
        if float(((updated - previous) ** 2).sum()) <= limit:
            break
    labels = assign(x, updated)
    inertia = float(((x - updated[labels]) ** 2).sum())
    return Clustering(
        centroids=updated, labels=labels, inertia=inertia, n_iter=n_iter, inertias=(inertia,)
    )


def step(x: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, float]:
    """Take one step of Lloyd's algorithm; return the new centroids and the inertia before it.

    The centroid of an empty cluster moves to the example farthest from its own centroid.
    """
    return _CenteredData(_validated(x, len(centroids))).step(np.asarray(centroids, np.float64))


def assign(x: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return (example,) indices of the nearest of (cluster, input) `centroids`."""
    labels = np.empty(len(x), np.int64)
    # Squared distances without |x|^2, which is the same for all; centered for precision.
    center = centroids.mean(axis=0)
    centered = centroids - center
    half = (centered**2).sum(axis=1) / 2
    for rows in _chunks(len(x), len(centered)):
        labels[rows] = (half - (x[rows] - center) @ centered.T).argmin(axis=1)
    return labels


def _chunks(n: int, n_clusters: int) -> Iterator[slice]:
    """Split `n` examples into chunks whose distances fit the cache."""
    size = max(16, CHUNK_DISTANCES // n_clusters)
    return (slice(start, start + size) for start in range(0, n, size))


class _CenteredData:
    """The examples, centered and with a column of ones."""

    def __init__(self, x: np.ndarray) -> None:
        self.mean = x.mean(axis=0)
        rows = np.empty((len(x), x.shape[1] + 1))
        np.subtract(x, self.mean, out=rows[:, :-1])
        rows[:, -1] = 1.0
        self.rows = rows  # (example, input and 1)
        self.columns = np.ascontiguousarray(rows.T)
        self.squares = (rows[:, :-1] ** 2).sum(axis=1)

    def step(self, centroids: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the next centroids, and the inertia of the current ones."""
        centered = centroids - self.mean
        # One matrix product computes |c|^2 - 2 c.x.
        weights = np.column_stack([-2 * centered, (centered**2).sum(axis=1)])
        sums = np.zeros(weights.shape)
        nearest = np.empty(len(self.rows))
        for rows in _chunks(len(self.rows), len(centered)):
            scores = weights @ self.columns[:, rows]  # (cluster, example)
            smallest = scores.min(axis=0, out=nearest[rows])
            membership = (scores == smallest).astype(np.float64)
            partial_sums = membership @ self.rows[rows]  # sums and counts of the members
            if partial_sums[:, -1].sum() != len(smallest):  # a tie: the first cluster gets it
                first = scores.argmin(axis=0) == np.arange(len(centered))[:, None]
                partial_sums = first.astype(np.float64) @ self.rows[rows]
            sums += partial_sums
        distances = np.maximum(nearest + self.squares, 0.0)
        counts = sums[:, -1:]
        updated = sums[:, :-1] / np.maximum(counts, 1.0)
        empty = np.flatnonzero(counts[:, 0] == 0)
        if len(empty):
            farthest = np.argsort(-distances, kind="stable")[: len(empty)]
            updated[empty] = self.rows[farthest, :-1]
        return updated + self.mean, float(distances.sum())


def init_kmeans_plus_plus(x: np.ndarray, n_clusters: int, rng: np.random.Generator) -> np.ndarray:
    """Draw initial centroids by k-means++: probability proportional to squared distance.

    The expected inertia is at most 8 (ln k + 2) times the optimum, before any step (Arthur and
    Vassilvitskii 2007, theorem 3.1); random initialization has no such bound.
    """
    x = _validated(x, n_clusters)
    indices = [int(rng.integers(len(x)))]
    squared_distance = ((x - x[indices[0]]) ** 2).sum(axis=1)
    while len(indices) < n_clusters:
        cumulative = np.cumsum(squared_distance)
        if cumulative[-1] > 0:
            # By rounding the index can exceed the last: take the last example not drawn yet.
            index = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
            index = min(index, int(np.flatnonzero(squared_distance)[-1]))
        else:  # fewer distinct examples than clusters
            index = int(rng.integers(len(x)))
        indices.append(index)
        squared_distance = np.minimum(squared_distance, ((x - x[index]) ** 2).sum(axis=1))
    return x[indices]


def init_random(x: np.ndarray, n_clusters: int, rng: np.random.Generator) -> np.ndarray:
    """Draw examples uniformly without replacement, the course's initialization."""
    x = _validated(x, n_clusters)
    return x[rng.choice(len(x), n_clusters, replace=False)]


def _validated(x: np.ndarray, n_clusters: int) -> np.ndarray:
    x = np.asarray(x, np.float64)
    if x.ndim != 2:
        raise ValueError(f"x: shape {x.shape} must be (example, input)")
    if not 1 <= n_clusters <= len(x):
        raise ValueError(
            f"n_clusters: {n_clusters} must be from 1 to the number of examples, {len(x)}"
        )
    if not np.isfinite(x).all():
        row = int(np.argwhere(~np.isfinite(x))[0, 0])
        raise ValueError(f"x: row {row} is not finite")
    return x
