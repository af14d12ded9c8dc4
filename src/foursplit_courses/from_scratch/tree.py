"""A decision tree for classes or quantities, grown greedily and kept as flat arrays.

Source: Ng, MLS C2 W4 (decision trees, one split after the other; regression trees); Breiman,
Friedman, Olshen and Stone (1984), Classification and Regression Trees.
"""

from dataclasses import dataclass
from itertools import count

import numpy as np

from foursplit_courses.from_scratch.impurity import Criterion
from foursplit_courses.from_scratch.tree_splits import Level, Splits, Targets, best_splits, prepare

LEAF = -1
"""The feature of a node that asks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a node stays a leaf, besides being pure."""

    max_depth: int | None = None  # questions above a leaf at most; None: as many as it takes
    min_split: int = 2  # examples that a node needs to be split
    min_leaf: int = 1  # examples that each part must keep
    min_gain: float = 0.0  # 0: split even where nothing is gained at once, as exclusive-or needs

    def __post_init__(self) -> None:
        if self.max_depth is not None and self.max_depth < 0:
            raise ValueError(f"max_depth: {self.max_depth} must be 0 or more, or None")
        for name, least in (("min_split", 2), ("min_leaf", 1), ("min_gain", 0)):
            value = getattr(self, name)
            if not value >= least:
                raise ValueError(f"{name}: {value} must be at least {least}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Nodes by number, the root first, each before its children; a leaf is its own child."""

    feature: np.ndarray  # (node,): what is asked; -1 in a leaf
    threshold: np.ndarray  # (node,): at most this goes left
    left: np.ndarray  # (node,)
    right: np.ndarray  # (node,)
    value: np.ndarray  # (node, class) shares of the training examples; (node, 1) their mean
    n_examples: np.ndarray  # (node,): of train
    gain: np.ndarray  # (node,): of its split; 0 in a leaf

    @property
    def n_leaves(self) -> int:
        return int((self.feature == LEAF).sum())

    @property
    def depth(self) -> int:
        """Count the questions above the deepest leaf."""
        depths = np.zeros(len(self.feature), dtype=np.int64)
        for node in np.flatnonzero(self.feature != LEAF):  # parents come before their children
            depths[[self.left[node], self.right[node]]] = depths[node] + 1
        return int(depths.max())


def grow(
    x: np.ndarray,
    y: np.ndarray,
    *,
    criterion: Criterion,
    n_classes: int = 0,
    limits: Limits | None = None,
) -> Tree:
    """Grow a tree on (example, feature) inputs and (example,) class numbers or quantities.

    Features are sorted once, at the root; then level by level all nodes are split at once, and
    hand their orders down.  Raises ValueError for empty or infinite data and for unknown classes.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or len(x) == 0 or x.shape[1] == 0 or len(x) != len(y):
        raise ValueError(f"x {x.shape} and y {np.shape(y)} must be (example, feature), (example,)")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("x and y must be finite numbers; say what stands for a missing value")
    limits, targets = limits or Limits(), prepare(y, criterion, n_classes)
    columns = np.ascontiguousarray(x.T)
    order = np.argsort(columns, axis=1, kind="stable")
    level = Level(order=order, start=np.array([0, len(x)]))
    levels: list[dict[str, np.ndarray]] = []
    first = 0  # number of the level's first node
    for depth in count():
        rows = _leaves(targets, level, first)
        levels.append(rows)
        first += len(level.sizes)
        chosen, splits = _chosen(columns, targets, level, (criterion, limits, depth))
        if splits is None:
            return Tree(**{name: np.concatenate([r[name] for r in levels]) for name in rows})
        numbers = first + np.arange(2 * len(splits.gain))
        for name in ("feature", "threshold", "gain"):
            rows[name][chosen] = getattr(splits, name)
        rows["left"][chosen], rows["right"][chosen] = numbers[::2], numbers[1::2]
        level = level.keep(chosen).divide(splits)
    raise AssertionError("unreachable: a level without a split ends the tree")


def _leaves(targets: Targets, level: Level, first: int) -> dict[str, np.ndarray]:
    """Describe a level's nodes as leaves: what a split changes, it fills in."""
    n_nodes = len(level.sizes)
    own = first + np.arange(n_nodes)
    return {
        "feature": np.full(n_nodes, LEAF, dtype=np.int64),
        "threshold": np.zeros(n_nodes),
        "left": own.copy(),
        "right": own.copy(),
        "value": _values(targets, level),
        "n_examples": level.sizes.astype(np.int64),
        "gain": np.zeros(n_nodes),
    }


def _values(targets: Targets, level: Level) -> np.ndarray:
    """Give (node, class) shares, or (node, 1) means."""
    y, k = targets.y[level.order[0]], targets.n_classes
    if k == 0:
        return (np.add.reduceat(y, level.start[:-1]) / level.sizes)[:, None]
    counts = np.bincount(level.node * k + y, minlength=len(level.sizes) * k)
    return counts.reshape(-1, k) / level.sizes[:, None]


def _chosen(
    x: np.ndarray, targets: Targets, level: Level, how: tuple[Criterion, Limits, int]
) -> tuple[np.ndarray, Splits | None]:
    """Mark the nodes that are split, and give their splits; None where all stay leaves."""
    criterion, limits, depth = how
    y = targets.y[level.order[0]]
    lowest, highest = (of.reduceat(y, level.start[:-1]) for of in (np.minimum, np.maximum))
    chosen = (level.sizes >= limits.min_split) & (lowest < highest)  # alike: pure
    if not chosen.any() or (limits.max_depth is not None and depth >= limits.max_depth):
        return chosen, None
    splits = best_splits(x, targets, level.keep(chosen), criterion, limits.min_leaf)
    enough = splits.gain >= limits.min_gain  # where nothing parts a node, its gain is -inf
    chosen[chosen] = enough
    return chosen, splits.keep(enough) if enough.any() else None


def leaf_of(tree: Tree, x: np.ndarray) -> np.ndarray:
    """Give the leaf that each of (example, feature) inputs ends in; all go down together."""
    node = np.zeros(len(x), dtype=np.int64)
    every = np.arange(len(x))
    for _ in range(tree.depth):
        # In a leaf any column serves: both its children are the leaf itself.
        goes_left = x[every, tree.feature[node]] <= tree.threshold[node]
        node = np.where(goes_left, tree.left[node], tree.right[node])
    return node


def predict_proba(tree: Tree, x: np.ndarray) -> np.ndarray:
    """Give (example, class) shares among the training examples of each one's leaf."""
    shares: np.ndarray = tree.value[leaf_of(tree, x)]
    return shares


def predict(tree: Tree, x: np.ndarray) -> np.ndarray:
    """Give (example,) quantities: the mean of the training examples of each one's leaf."""
    means: np.ndarray = tree.value[leaf_of(tree, x), 0]
    return means
