"""K-means: clusters by their centroids, with a spread-out start, restarts and no empty cluster.

Source: Ng, MLS C3 W1; Lloyd (1982), "Least squares quantization in PCM"; Arthur and Vassilvitskii
(2007), "k-means++: the advantages of careful seeding".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

CELLS = 16_384  # distances at once, (cluster, example): they stay in the cache

Start = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
"""Draws (cluster, input) centroids from (example, input)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """The best of several restarts."""

    centroids: np.ndarray  # (cluster, input)
    labels: np.ndarray  # (example,), number of the nearest centroid
    inertia: float  # sum of squared distances to it, in the inputs' squared unit
    n_steps: int
    restarts: tuple[float, ...]  # inertia that each restart ended with


def fit(  # noqa: PLR0913, x and the number of clusters by place, the rest by name
    x: np.ndarray,
    n_clusters: int,
    *,
    rng: np.random.Generator,
    n_restarts: int = 10,
    max_steps: int = 300,
    tolerance: float = 1e-4,
    start: Start | None = None,
) -> Clustering:
    """Cluster (example, input) anew `n_restarts` times and keep the lowest inertia.

    Raises ValueError where there are fewer examples than clusters, or a count below 1.
    """
    if n_restarts < 1:
        raise ValueError(f"n_restarts: {n_restarts} must be at least 1")
    found = [
        lloyd(x, (start or spread)(x, n_clusters, rng), max_steps=max_steps, tolerance=tolerance)
        for _ in range(n_restarts)
    ]
    best = min(found, key=lambda run: run.inertia)
    return Clustering(
        centroids=best.centroids,
        labels=best.labels,
        inertia=best.inertia,
        n_steps=best.n_steps,
        restarts=tuple(run.inertia for run in found),
    )


def lloyd(
    x: np.ndarray, centroids: np.ndarray, *, max_steps: int = 300, tolerance: float = 1e-4
) -> Clustering:
    """Assign and average in turn, from (cluster, input) `centroids`, until nothing moves.

    Ends where the centroids' squared moves add up to `tolerance` times the inputs' mean variance.
    """
    x = _checked(x, len(centroids))
    table = _Table(x)
    limit = tolerance * float(x.var(axis=0).mean())
    moved, n_steps = np.asarray(centroids, np.float64), 0
    while n_steps < max_steps:
        before, n_steps = moved, n_steps + 1
        moved = table.step(before)[0]
        if float(((moved - before) ** 2).sum()) <= limit:
            break
    labels = assign(x, moved)
    inertia = float(((x - moved[labels]) ** 2).sum())
    return Clustering(
        centroids=moved, labels=labels, inertia=inertia, n_steps=n_steps, restarts=(inertia,)
    )


def step(x: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, float]:
    """Move each centroid to the mean of the examples nearest to it; give the inertia before.

    A centroid that no example is nearest to goes to the example farthest from its own centroid.
    """
    return _Table(_checked(x, len(centroids))).step(np.asarray(centroids, np.float64))


def assign(x: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Number the nearest of (cluster, input) `centroids` for each of (example, input)."""
    labels = np.empty(len(x), np.int64)
    # Distances less |x|^2, the same for all clusters; around the mean, to lose no digits.
    centre = centroids.mean(axis=0)
    at = centroids - centre
    half = (at**2).sum(axis=1) / 2
    for part in _chunks(len(x), len(at)):
        labels[part] = (half - (x[part] - centre) @ at.T).argmin(axis=1)
    return labels


def _chunks(n: int, n_clusters: int) -> Iterator[slice]:
    """Part `n` examples so that their distances fit the cache."""
    size = max(16, CELLS // n_clusters)
    return (slice(begin, begin + size) for begin in range(0, n, size))


class _Table:
    """The examples as steps read them: around their mean, with a column of ones."""

    def __init__(self, x: np.ndarray) -> None:
        self.mean = x.mean(axis=0)
        rows = np.empty((len(x), x.shape[1] + 1))
        np.subtract(x, self.mean, out=rows[:, :-1])
        rows[:, -1] = 1.0
        self.rows = rows  # (example, input and 1)
        self.columns = np.ascontiguousarray(rows.T)
        self.squares = (rows[:, :-1] ** 2).sum(axis=1)

    def step(self, centroids: np.ndarray) -> tuple[np.ndarray, float]:
        """Give the next centroids, and the inertia of these ones."""
        at = centroids - self.mean
        # One product gives |c|^2 - 2 c.x: the ones meet |c|^2.
        weights = np.column_stack([-2 * at, (at**2).sum(axis=1)])
        sums = np.zeros(weights.shape)
        nearest = np.empty(len(self.rows))
        for part in _chunks(len(self.rows), len(at)):
            scores = weights @ self.columns[:, part]  # (cluster, example)
            least = scores.min(axis=0, out=nearest[part])
            members = (scores == least).astype(np.float64)
            gathered = members @ self.rows[part]  # sums of the members, and how many
            if gathered[:, -1].sum() != len(least):  # equally near to two: the first takes it
                first = scores.argmin(axis=0) == np.arange(len(at))[:, None]
                gathered = first.astype(np.float64) @ self.rows[part]
            sums += gathered
        distances = np.maximum(nearest + self.squares, 0.0)
        counts = sums[:, -1:]
        moved = sums[:, :-1] / np.maximum(counts, 1.0)
        empty = np.flatnonzero(counts[:, 0] == 0)
        if len(empty):
            farthest = np.argsort(-distances, kind="stable")[: len(empty)]
            moved[empty] = self.rows[farthest, :-1]
        return moved + self.mean, float(distances.sum())


def spread(x: np.ndarray, n_clusters: int, rng: np.random.Generator) -> np.ndarray:
    """Draw examples far from one another: each by its squared distance to those drawn (k-means++).

    Its mean inertia is at most 8 (ln k + 2) times the least there is, before any step (Arthur and
    Vassilvitskii 2007, theorem 3.1); for random examples there is no such bound.
    """
    x = _checked(x, n_clusters)
    chosen = [int(rng.integers(len(x)))]
    away = ((x - x[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < n_clusters:
        edges = np.cumsum(away)
        if edges[-1] > 0:
            # Beyond the last edge only by rounding; then the last that is not drawn yet.
            place = int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))
            place = min(place, int(np.flatnonzero(away)[-1]))
        else:  # fewer different examples than clusters
            place = int(rng.integers(len(x)))
        chosen.append(place)
        away = np.minimum(away, ((x - x[place]) ** 2).sum(axis=1))
    return x[chosen]


def at_random(x: np.ndarray, n_clusters: int, rng: np.random.Generator) -> np.ndarray:
    """Draw examples at random, none twice: the course's start."""
    x = _checked(x, n_clusters)
    return x[rng.choice(len(x), n_clusters, replace=False)]


def _checked(x: np.ndarray, n_clusters: int) -> np.ndarray:
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
