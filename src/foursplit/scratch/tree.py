"""A decision tree for classes or quantities, grown greedily and kept as flat arrays.

Source: Ng, MLS C2 W4 (decision trees, one split after the other; regression trees); Breiman,
Friedman, Olshen and Stone (1984), Classification and Regression Trees.
"""

from dataclasses import dataclass
from itertools import count

import numpy as np

from foursplit.scratch.impurity import Criterion
from foursplit.scratch.split import Split, Targets, best_split, prepare

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


@dataclass(slots=True, kw_only=True)
class _Node:
    """What is known of a node while the tree grows."""

    order: np.ndarray  # (feature, example): its examples in each feature's order
    depth: int
    parent: int
    is_left: bool


def grow(
    x: np.ndarray,
    y: np.ndarray,
    *,
    criterion: Criterion,
    n_classes: int = 0,
    limits: Limits | None = None,
) -> Tree:
    """Grow a tree on (example, feature) inputs and (example,) class numbers or quantities.

    Features are sorted once, at the root: a node hands its order down by leaving out what goes
    the other way.  Raises ValueError for empty or infinite data and for unknown classes.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or len(x) == 0 or x.shape[1] == 0 or len(x) != len(y):
        raise ValueError(f"x {x.shape} and y {np.shape(y)} must be (example, feature), (example,)")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("x and y must be finite numbers; say what stands for a missing value")
    limits, targets = limits or Limits(), prepare(y, criterion, n_classes)
    columns = np.ascontiguousarray(x.T)
    root = np.argsort(columns, axis=1, kind="stable").astype(np.int32)
    goes_left = np.zeros(len(x), dtype=bool)
    waiting = [_Node(order=root, depth=0, parent=0, is_left=False)]
    rows: list[tuple[_Node, Split | None]] = []
    values: list[np.ndarray] = []
    children: list[list[int]] = []
    for number in count():
        if not waiting:
            break
        node = waiting.pop()
        split = _split(columns, targets, node, criterion, limits)
        rows.append((node, split))
        values.append(_value(targets, node.order[0]))
        children.append([number, number])
        if number:
            children[node.parent][0 if node.is_left else 1] = number
        if split is None:
            continue
        own = node.order[split.feature]
        goes_left[own[: split.n_left]], goes_left[own[split.n_left :]] = True, False
        side = goes_left[node.order]
        for is_left in (False, True):  # the left one is taken up first
            part = node.order[side == is_left].reshape(len(columns), -1)
            waiting.append(_Node(order=part, depth=node.depth + 1, parent=number, is_left=is_left))
        node.order = node.order[:1]  # only its length is still needed
    return _flat(rows, values, np.array(children))


def _split(
    x: np.ndarray, targets: Targets, node: _Node, criterion: Criterion, limits: Limits
) -> Split | None:
    """Give the node's split, or None where it stays a leaf."""
    y, deepest = targets.y[node.order[0]], limits.max_depth
    if len(y) < limits.min_split or (deepest is not None and node.depth >= deepest):
        return None
    if (y == y[0]).all():  # pure
        return None
    found = best_split(x, targets, node.order, criterion, limits.min_leaf)
    return None if found is None or found.gain < limits.min_gain else found


def _value(targets: Targets, rows: np.ndarray) -> np.ndarray:
    y = targets.y[rows]
    if targets.n_classes:
        return np.bincount(y, minlength=targets.n_classes) / len(y)
    return np.array([y.mean()])


def _flat(
    rows: list[tuple[_Node, Split | None]], values: list[np.ndarray], children: np.ndarray
) -> Tree:
    splits = [split for _, split in rows]
    return Tree(
        feature=np.array([s.feature if s else LEAF for s in splits], dtype=np.int64),
        threshold=np.array([s.threshold if s else 0.0 for s in splits]),
        left=children[:, 0],
        right=children[:, 1],
        value=np.array(values),
        n_examples=np.array([node.order.shape[1] for node, _ in rows], dtype=np.int64),
        gain=np.array([s.gain if s else 0.0 for s in splits]),
    )


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
