"""Find the best splits of all nodes of a level at once, over all features and thresholds.

Within a sorted feature, the statistics left of a threshold are a running sum, so no candidate is
counted from scratch.  Adjacent nodes share the sums, so many small nodes cost no more than a large
one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from foursplit_courses.from_scratch.impurity import Criterion

DENSE_FRACTION = 0.3  # of positions that are candidates: from here on all gains are computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Targets, with a table that makes impurity sums cheap."""

    y: np.ndarray  # (example,): class ids from 0, or quantities
    n_classes: int  # 0 for quantities
    table: np.ndarray  # by count c: c log2 c for entropy, c * c for Gini


def prepare_targets(y: np.ndarray, criterion: Criterion, n_classes: int) -> Targets:
    """Check the targets and build the table."""
    n = len(y)
    if criterion == "squared_error":
        return Targets(y=np.asarray(y, dtype=np.float64), n_classes=0, table=np.zeros(0))
    numbers = np.asarray(y).astype(np.int64)
    if (numbers != y).any() or numbers.min() < 0 or numbers.max() >= n_classes:
        raise ValueError(f"y: class ids must be integers from 0 to below n_classes={n_classes}")
    counts = np.arange(n + 1, dtype=np.float64)
    if criterion == "entropy":
        table = counts * np.log2(counts, out=np.zeros(n + 1), where=counts > 0)
    else:
        table = counts * counts
    return Targets(y=numbers, n_classes=n_classes, table=table)


@dataclass(frozen=True, kw_only=True)
class Level:
    """Nodes of a level, stored contiguously; each feature has its own order within a node."""

    order: np.ndarray  # (feature, example): indices of examples, node by node
    start: np.ndarray  # (node + 1,): first position of each node, and the end of the last

    @cached_property
    def sizes(self) -> np.ndarray:
        return np.diff(self.start)

    @cached_property
    def node(self) -> np.ndarray:
        """(example,): node of each position."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def rank(self) -> np.ndarray:
        """(example,): rank of each position within its node, from 1."""
        return np.arange(1, self.order.shape[1] + 1) - self.start[self.node]

    def select(self, nodes: np.ndarray) -> "Level":
        """Keep only the nodes that the mask `nodes` selects."""
        if nodes.all():
            return self
        start = np.concatenate([[0], np.cumsum(self.sizes[nodes])])
        return Level(order=self.order[:, nodes[self.node]], start=start)

    def split_nodes(self, splits: "Splits") -> "Level":
        """Return the children of all nodes, left before right, in sorted order."""
        n_left, positions = splits.n_left[self.node], np.arange(self.order.shape[1])
        is_left = np.zeros(int(self.order[0].max()) + 1, dtype=bool)
        is_left[self.order[splits.feature[self.node], positions]] = self.rank <= n_left
        goes_left = is_left[self.order]
        before = np.concatenate([[0], np.cumsum(splits.n_left)])[self.node]
        n_left_before = np.cumsum(goes_left, axis=1) - before  # of the node, up to here
        offset = self.start[self.node] - 1
        target = offset + np.where(goes_left, n_left_before, n_left + self.rank - n_left_before)
        order = np.empty_like(self.order)
        np.put_along_axis(order, target, self.order, axis=1)
        sizes = np.stack([splits.n_left, self.sizes - splits.n_left], axis=1)
        return Level(order=order, start=np.concatenate([[0], np.cumsum(sizes)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """One split per node: `x[feature] <= threshold` goes left, the first `n_left` examples."""

    feature: np.ndarray  # (node,)
    threshold: np.ndarray  # (node,)
    n_left: np.ndarray  # (node,)
    gain: np.ndarray  # (node,): decrease of the mean impurity; -inf if no split exists

    def select(self, nodes: np.ndarray) -> "Splits":
        """Keep only the splits that the mask `nodes` selects."""
        return Splits(
            feature=self.feature[nodes],
            threshold=self.threshold[nodes],
            n_left=self.n_left[nodes],
            gain=self.gain[nodes],
        )


def best_splits(
    x: np.ndarray, targets: Targets, level: Level, criterion: Criterion, min_samples_leaf: int
) -> Splits:
    """Return the split with the highest gain per node; ties: first feature, lowest threshold.

    `x` is (feature, example), all examples; each child has at least `min_samples_leaf` of them.
    """
    values = np.take_along_axis(x, level.order, axis=1)
    right = level.sizes[level.node] - level.rank
    is_candidate = np.zeros(values.shape, dtype=bool)
    is_candidate[:, :-1] = values[:, 1:] > values[:, :-1]
    # The last position of a node has no examples to its right.
    is_candidate &= (level.rank >= min_samples_leaf) & (right >= min_samples_leaf)
    gains = np.full(values.shape, -np.inf)
    if is_candidate.mean() < DENSE_FRACTION:
        feature, cut = np.nonzero(is_candidate)
        gains[feature, cut] = _gains(targets, level, criterion, (feature, cut))
    else:
        np.copyto(gains, _gains(targets, level, criterion, None), where=is_candidate)
    np.maximum(gains, 0, out=gains, where=is_candidate)  # negative only by rounding
    highest = np.maximum.reduceat(gains, level.start[:-1], axis=1)
    best = highest.argmax(axis=0)
    gain = highest.max(axis=0)
    positions = np.arange(values.shape[1])
    first = _first(gains[best[level.node], positions] == gain[level.node], level)
    next_position = np.minimum(first + 1, len(positions) - 1)
    return Splits(
        feature=best,
        threshold=_between(values[best, first], values[best, next_position]),
        n_left=level.rank[first],
        gain=gain,
    )


def _first(marked: np.ndarray, level: Level) -> np.ndarray:
    """Return the first marked position of each node; each has one."""
    positions = np.flatnonzero(marked)
    new = np.diff(level.node[positions], prepend=-1) > 0
    return positions[new]


def _gains(
    targets: Targets,
    level: Level,
    criterion: Criterion,
    cuts: tuple[np.ndarray, np.ndarray] | None,
) -> np.ndarray:
    """Compute the gain of a cut after each (feature, position), or only after those in `cuts`."""
    node, left = (a if cuts is None else a[cuts[1]] for a in (level.node, level.rank))
    n = level.sizes[node]
    right = np.maximum(1, n - left)  # no cut after a node's last position
    y = targets.y[level.order]
    if criterion == "squared_error":
        # Sums of deviations: squares of a mean far from 0 would lose precision.
        mean = np.add.reduceat(y[0], level.start[:-1]) / level.sizes
        sums = np.cumsum(y - mean[level.node], axis=1)
        # Left and right sums are opposite, since a node's total is 0.
        gains: np.ndarray = (sums if cuts is None else sums[cuts]) ** 2 * (1 / (left * right))
        return gains
    left_score, right_score, parent_score = 0.0, 0.0, 0.0
    remaining = left  # the count of the last class follows from the others
    for number in range(targets.n_classes):
        is_class = y == number
        totals = np.add.reduceat(is_class[0], level.start[:-1], dtype=np.int64)
        counts = remaining
        if number < targets.n_classes - 1:
            before = np.concatenate([[0], np.cumsum(totals)[:-1]])[node]
            sums = np.cumsum(is_class, axis=1, dtype=np.int32)
            counts = (sums if cuts is None else sums[cuts]) - before
            remaining = remaining - counts
        left_score = left_score + targets.table[counts]
        right_score = right_score + targets.table[totals[node] - counts]
        parent_score = parent_score + targets.table[totals][node]
    if criterion == "gini":
        return (left_score / left + right_score / right - parent_score / n) / n
    table = targets.table
    return (left_score + right_score - (table[left] + table[right] + parent_score - table[n])) / n


def _between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the midpoint; the lower number if no float lies between two neighbours."""
    middle = low + (high - low) / 2
    return np.where(middle < high, middle, low)
