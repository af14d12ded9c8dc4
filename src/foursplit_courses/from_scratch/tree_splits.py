"""The best splits of all nodes of a level at once: every threshold of every feature is judged.

Within a feature's order, what lies left of a threshold is a running sum, so that no candidate is
counted anew; and nodes that lie side by side share the sums, so that many small ones cost no more
than a large one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from foursplit_courses.from_scratch.impurity import Criterion

DENSE = 0.3  # share of places that are candidates, from which on all are judged without picking


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What a tree is grown for, in the form in which sums over it are cheap."""

    y: np.ndarray  # (example,): class numbers from 0, or quantities
    n_classes: int  # 0 for quantities
    table: np.ndarray  # of counts c from 0 on: c log2 c for entropy, c * c for Gini


def prepare(y: np.ndarray, criterion: Criterion, n_classes: int) -> Targets:
    """Check targets and tabulate what their counts are worth."""
    n = len(y)
    if criterion == "squared_error":
        return Targets(y=np.asarray(y, dtype=np.float64), n_classes=0, table=np.zeros(0))
    numbers = np.asarray(y).astype(np.int64)
    if (numbers != y).any() or numbers.min() < 0 or numbers.max() >= n_classes:
        raise ValueError(f"y: class numbers must be whole, from 0 to below n_classes={n_classes}")
    counts = np.arange(n + 1, dtype=np.float64)
    if criterion == "entropy":
        table = counts * np.log2(counts, out=np.zeros(n + 1), where=counts > 0)
    else:
        table = counts * counts
    return Targets(y=numbers, n_classes=n_classes, table=table)


@dataclass(frozen=True, kw_only=True)
class Level:
    """Nodes side by side: each feature orders the same examples within a node in its own way."""

    order: np.ndarray  # (feature, example): numbers of examples, node by node
    start: np.ndarray  # (node + 1,): where each node's examples begin, and where the last ends

    @cached_property
    def sizes(self) -> np.ndarray:
        return np.diff(self.start)

    @cached_property
    def node(self) -> np.ndarray:
        """(example,): whose place this is."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def place(self) -> np.ndarray:
        """(example,): how many of its node lie up to here, itself among them."""
        return np.arange(1, self.order.shape[1] + 1) - self.start[self.node]

    def keep(self, nodes: np.ndarray) -> "Level":
        """Drop the nodes that `nodes` does not mark."""
        if nodes.all():
            return self
        start = np.concatenate([[0], np.cumsum(self.sizes[nodes])])
        return Level(order=self.order[:, nodes[self.node]], start=start)

    def divide(self, splits: "Splits") -> "Level":
        """Give the children of all nodes, each left one before its right one, orders kept."""
        n_left, every = splits.n_left[self.node], np.arange(self.order.shape[1])
        is_left = np.zeros(int(self.order[0].max()) + 1, dtype=bool)
        is_left[self.order[splits.feature[self.node], every]] = self.place <= n_left
        side = is_left[self.order]
        before = np.concatenate([[0], np.cumsum(splits.n_left)])[self.node]
        lefts = np.cumsum(side, axis=1) - before  # of the node, up to here
        begin = self.start[self.node] - 1
        target = begin + np.where(side, lefts, n_left + self.place - lefts)
        order = np.empty_like(self.order)
        np.put_along_axis(order, target, self.order, axis=1)
        sizes = np.stack([splits.n_left, self.sizes - splits.n_left], axis=1)
        return Level(order=order, start=np.concatenate([[0], np.cumsum(sizes)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """One split a node: `x[feature] <= threshold` goes left, the first `n_left` in its order."""

    feature: np.ndarray  # (node,)
    threshold: np.ndarray  # (node,)
    n_left: np.ndarray  # (node,)
    gain: np.ndarray  # (node,): impurity removed, a mean over examples; -inf where nothing parts

    def keep(self, nodes: np.ndarray) -> "Splits":
        """Drop those of the nodes that `nodes` does not mark."""
        return Splits(
            feature=self.feature[nodes], threshold=self.threshold[nodes],
            n_left=self.n_left[nodes], gain=self.gain[nodes],
        )  # fmt: skip


def best_splits(
    x: np.ndarray, targets: Targets, level: Level, criterion: Criterion, min_leaf: int
) -> Splits:
    """Give each node the split that gains most; of equals the first feature's lowest threshold.

    `x` is (feature, example), of all examples; each part of a split keeps `min_leaf` of them.
    """
    values = np.take_along_axis(x, level.order, axis=1)
    right = level.sizes[level.node] - level.place
    apart = np.zeros(values.shape, dtype=bool)
    apart[:, :-1] = values[:, 1:] > values[:, :-1]
    apart &= (level.place >= min_leaf) & (right >= min_leaf)  # the last of a node has none right
    gains = np.full(values.shape, -np.inf)
    if apart.mean() < DENSE:
        feature, cut = np.nonzero(apart)
        gains[feature, cut] = _gains(targets, level, criterion, (feature, cut))
    else:
        np.copyto(gains, _gains(targets, level, criterion, None), where=apart)
    np.maximum(gains, 0, out=gains, where=apart)  # negative by rounding alone
    highest = np.maximum.reduceat(gains, level.start[:-1], axis=1)
    best = highest.argmax(axis=0)
    gain = highest.max(axis=0)
    every = np.arange(values.shape[1])
    first = _first(gains[best[level.node], every] == gain[level.node], level)
    after = np.minimum(first + 1, len(every) - 1)
    return Splits(
        feature=best,
        threshold=_between(values[best, first], values[best, after]),
        n_left=level.place[first],
        gain=gain,
    )


def _first(marked: np.ndarray, level: Level) -> np.ndarray:
    """Give each node's first marked place; each has one."""
    places = np.flatnonzero(marked)
    new = np.diff(level.node[places], prepend=-1) > 0
    return places[new]


def _gains(
    targets: Targets,
    level: Level,
    criterion: Criterion,
    at: tuple[np.ndarray, np.ndarray] | None,
) -> np.ndarray:
    """Give the gains of cuts after each (feature, place), or after those of `at` alone."""
    node, left = (of if at is None else of[at[1]] for of in (level.node, level.place))
    n = level.sizes[node]
    right = np.maximum(1, n - left)  # after a node's last place is no cut
    y = targets.y[level.order]
    if criterion == "squared_error":
        # The square of a mean far from 0 would swallow the rest: sums are of deviations.
        mean = np.add.reduceat(y[0], level.start[:-1]) / level.sizes
        sums = np.cumsum(y - mean[level.node], axis=1)
        # Left and right sums are opposite, for a node's whole sum is 0.
        gains: np.ndarray = (sums if at is None else sums[at]) ** 2 * (1 / (left * right))
        return gains
    of_left, of_right, parent = 0.0, 0.0, 0.0
    rest = left  # of the last class: what the others leave
    for number in range(targets.n_classes):
        is_class = y == number
        whole = np.add.reduceat(is_class[0], level.start[:-1], dtype=np.int64)
        counts = rest
        if number < targets.n_classes - 1:
            before = np.concatenate([[0], np.cumsum(whole)[:-1]])[node]
            sums = np.cumsum(is_class, axis=1, dtype=np.int32)
            counts = (sums if at is None else sums[at]) - before
            rest = rest - counts
        of_left = of_left + targets.table[counts]
        of_right = of_right + targets.table[whole[node] - counts]
        parent = parent + targets.table[whole][node]
    if criterion == "gini":
        return (of_left / left + of_right / right - parent / n) / n
    table = targets.table
    return (of_left + of_right - (table[left] + table[right] + parent - table[n])) / n


def _between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Halve the way; where no number lies between two neighbours, the lower one parts them."""
    middle = low + (high - low) / 2
    return np.where(middle < high, middle, low)
