"""A decision tree for classification or regression, grown greedily and stored as flat arrays.

Source: Ng, MLS C2 W4 (decision trees, one split after the other; regression trees); Breiman,
Friedman, Olshen and Stone (1984), Classification and Regression Trees.
"""

from dataclasses import dataclass
from itertools import count

import numpy as np

from foursplit_courses.from_scratch.impurity import Criterion
from foursplit_courses.from_scratch.tree_splits import (
    Level,
    Splits,
    Targets,
    best_splits,
    prepare_targets,
)

LEAF = -1
"""The `feature` of a leaf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeParams:
    """Stopping criteria, with scikit-learn's names."""

    max_depth: int | None = None  # None: until all leaves are pure
    min_samples_split: int = 2  # examples that a node needs to be split
    min_samples_leaf: int = 1  # examples that each child must have
    # Within the node, not weighted by its size as in scikit-learn; 0 also splits without a gain,
    # which exclusive-or needs.
    min_impurity_decrease: float = 0.0

    def __post_init__(self) -> None:
        if self.max_depth is not None and self.max_depth < 0:
            raise ValueError(f"max_depth: {self.max_depth} must be 0 or more, or None")
        minimums = {"min_samples_split": 2, "min_samples_leaf": 1, "min_impurity_decrease": 0}
        for name, minimum in minimums.items():
            value = getattr(self, name)
            if not value >= minimum:
                raise ValueError(f"{name}: {value} must be at least {minimum}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Nodes in level order, the root first; the children of a leaf are the leaf itself."""

    feature: np.ndarray  # (node,): column that is compared; -1 in a leaf
    threshold: np.ndarray  # (node,): values up to it go left
    left: np.ndarray  # (node,)
    right: np.ndarray  # (node,)
    value: np.ndarray  # (node, class) fractions of the training examples; (node, 1) their mean
    n_examples: np.ndarray  # (node,): of train
    gain: np.ndarray  # (node,): of its split; 0 in a leaf

    @property
    def n_leaves(self) -> int:
        return int((self.feature == LEAF).sum())

    @property
    def depth(self) -> int:
        """Return the number of splits above the deepest leaf."""
        depths = np.zeros(len(self.feature), dtype=np.int64)
        for node in np.flatnonzero(self.feature != LEAF):  # parents come before their children
            depths[[self.left[node], self.right[node]]] = depths[node] + 1
        return int(depths.max())


def fit_tree(
    x: np.ndarray,
    y: np.ndarray,
    *,
    criterion: Criterion,
    n_classes: int = 0,
    params: TreeParams | None = None,
) -> Tree:
    """Fit a tree on (example, feature) inputs and (example,) class ids or quantities.

    Features are sorted once, at the root.  All nodes of a level are split together, and children
    inherit the sorted order.  Raises ValueError for empty or infinite data and unknown classes.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or len(x) == 0 or x.shape[1] == 0 or len(x) != len(y):
        raise ValueError(f"x {x.shape} and y {np.shape(y)} must be (example, feature), (example,)")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("x and y must be finite numbers: impute missing values first")
    params, targets = params or TreeParams(), prepare_targets(y, criterion, n_classes)
    columns = np.ascontiguousarray(x.T)
    order = np.argsort(columns, axis=1, kind="stable")
    level = Level(order=order, start=np.array([0, len(x)]))
    levels: list[dict[str, np.ndarray]] = []
    first = 0  # id of the level's first node
    for depth in count():
        nodes = _as_leaves(targets, level, first)
        levels.append(nodes)
        first += len(level.sizes)
        is_split, splits = _choose_splits(columns, targets, level, (criterion, params, depth))
        if splits is None:
            return Tree(**{name: np.concatenate([r[name] for r in levels]) for name in nodes})
        node_ids = first + np.arange(2 * len(splits.gain))
        for name in ("feature", "threshold", "gain"):
            nodes[name][is_split] = getattr(splits, name)
        nodes["left"][is_split], nodes["right"][is_split] = node_ids[::2], node_ids[1::2]
        level = level.select(is_split).split_nodes(splits)
    raise AssertionError("unreachable: a level without a split ends the tree")


def _as_leaves(targets: Targets, level: Level, first: int) -> dict[str, np.ndarray]:
    """Describe the nodes of a level as leaves; splits overwrite their fields later."""
    n_nodes = len(level.sizes)
    node_ids = first + np.arange(n_nodes)
    return {
        "feature": np.full(n_nodes, LEAF, dtype=np.int64),
        "threshold": np.zeros(n_nodes),
        "left": node_ids.copy(),
        "right": node_ids.copy(),
        "value": _node_values(targets, level),
        "n_examples": level.sizes.astype(np.int64),
        "gain": np.zeros(n_nodes),
    }


def _node_values(targets: Targets, level: Level) -> np.ndarray:
    """Compute (node, class) fractions, or (node, 1) means."""
    y, k = targets.y[level.order[0]], targets.n_classes
    if k == 0:
        return (np.add.reduceat(y, level.start[:-1]) / level.sizes)[:, None]
    counts = np.bincount(level.node * k + y, minlength=len(level.sizes) * k)
    return counts.reshape(-1, k) / level.sizes[:, None]


def _choose_splits(
    x: np.ndarray, targets: Targets, level: Level, settings: tuple[Criterion, TreeParams, int]
) -> tuple[np.ndarray, Splits | None]:
    """Return a mask of the nodes to split, and their splits; None if all stay leaves."""
    criterion, params, depth = settings
    y = targets.y[level.order[0]]
    smallest, largest = (of.reduceat(y, level.start[:-1]) for of in (np.minimum, np.maximum))
    is_split = (level.sizes >= params.min_samples_split) & (smallest < largest)  # equal: pure
    if not is_split.any() or (params.max_depth is not None and depth >= params.max_depth):
        return is_split, None
    splits = best_splits(x, targets, level.select(is_split), criterion, params.min_samples_leaf)
    worthwhile = splits.gain >= params.min_impurity_decrease  # -inf: no split exists
    is_split[is_split] = worthwhile
    return is_split, splits.select(worthwhile) if worthwhile.any() else None


def apply(tree: Tree, x: np.ndarray) -> np.ndarray:
    """Return the leaf of each of (example, feature) inputs; all descend together."""
    node = np.zeros(len(x), dtype=np.int64)
    rows = np.arange(len(x))
    for _ in range(tree.depth):
        # In a leaf any column will do: both its children are the leaf itself.
        goes_left = x[rows, tree.feature[node]] <= tree.threshold[node]
        node = np.where(goes_left, tree.left[node], tree.right[node])
    return node


def predict_proba(tree: Tree, x: np.ndarray) -> np.ndarray:
    """Return (example, class) fractions of the training examples in each leaf."""
    fractions: np.ndarray = tree.value[apply(tree, x)]
    return fractions


def predict(tree: Tree, x: np.ndarray) -> np.ndarray:
    """Return (example,) means of the training examples in each leaf."""
    means: np.ndarray = tree.value[apply(tree, x), 0]
    return means
