"""Trees that scikit-learn has grown, kept and asked as flat arrays of our own.

scikit-learn follows the node numbers in a file without a look at its bounds, so that a forged file
ends in foreign memory, and skops does not trust such a file.  Here numbers are checked on the way
in, and NumPy follows them.
"""

from typing import Any

import numpy as np

from foursplit_courses.from_scratch import tree
from foursplit_courses.from_scratch.tree import LEAF, Tree

NODES = ("feature", "threshold", "left", "right", "value", "n_examples", "gain")


class KeptTrees:
    """One tree, or several whose answers are averaged, with a fit of their own."""

    def __init__(self, estimator: Any, n_classes: int) -> None:
        self.estimator, self.n_classes = estimator, n_classes
        self.trees: tuple[Tree, ...] = ()

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        self.estimator.fit(_rows(x), y)
        classes = self.estimator.classes_.astype(np.int64) if self.n_classes else None
        grown = getattr(self.estimator, "estimators_", [self.estimator])
        self.trees = tuple(_taken(one.tree_, classes, self.n_classes) for one in grown)

    def arrays(self) -> dict[str, np.ndarray]:
        """Put the trees' nodes one after the other; children are numbered within their tree."""
        joined = {
            name: np.concatenate([getattr(one, name) for one in self.trees]) for name in NODES
        }
        return {**joined, "n_nodes": np.array([len(one.feature) for one in self.trees])}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        ends = np.cumsum(arrays["n_nodes"])[:-1]
        parts = {name: np.split(arrays[name], ends) for name in NODES}
        self.trees = tuple(
            checked(Tree(**{name: parts[name][number] for name in NODES}))
            for number in range(len(arrays["n_nodes"]))
        )

    @property
    def n_parameters(self) -> int:
        """Count a feature and a threshold a split, and what each leaf answers."""
        n_leaves = sum(one.n_leaves for one in self.trees)
        n_splits = sum(len(one.feature) for one in self.trees) - n_leaves
        return 2 * n_splits + n_leaves * max(1, self.n_classes)

    def mean(self, x: np.ndarray) -> np.ndarray:
        """Average what the trees' leaves hold: (example, class) shares or (example, 1) means."""
        rows = _rows(x)
        whole = sum(one.value[tree.leaf_of(one, rows)] for one in self.trees)
        average: np.ndarray = np.asarray(whole) / len(self.trees)
        return average


class OfClasses(KeptTrees):
    """Trees that answer with the shares of the classes."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return self.mean(x)


class OfQuantities(KeptTrees):
    """Trees that answer with a number."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.mean(x)[:, 0]


def _taken(grown: Any, classes: np.ndarray | None, n_classes: int) -> Tree:
    """Copy a tree's arrays; a class that train lacked gets the share 0."""
    leaf, own = grown.children_left == -1, np.arange(grown.node_count)
    value = grown.value[:, 0, :]
    if classes is not None:
        value = np.zeros((grown.node_count, n_classes))
        value[:, classes] = grown.value[:, 0, :]
    impurity, n = grown.impurity, grown.weighted_n_node_samples
    left, right = (
        np.where(leaf, own, side) for side in (grown.children_left, grown.children_right)
    )
    children = n[left] * impurity[left] + n[right] * impurity[right]
    return Tree(
        feature=np.where(leaf, LEAF, grown.feature),
        threshold=np.where(leaf, 0.0, grown.threshold),
        left=left,
        right=right,
        value=value.copy(),
        n_examples=grown.n_node_samples.astype(np.int64),
        gain=np.where(leaf, 0.0, impurity - children / n),
    )


def checked(one: Tree) -> Tree:
    """Refuse nodes that lead nowhere or back: each child comes after its parent."""
    own, n = np.arange(len(one.feature)), len(one.feature)
    leaf = one.feature == LEAF
    for name, child in (("left", one.left), ("right", one.right)):
        wrong = np.where(leaf, child != own, (child <= own) | (child >= n))
        if wrong.any():
            node = int(wrong.argmax())
            raise ValueError(
                f"{name}[{node}]: {child[node]} must be from {node + 1} to {n - 1}, or in a leaf "
                f"{node} itself"
            )
    return one


def _rows(x: np.ndarray) -> np.ndarray:
    """Flatten, in the precision in which scikit-learn compares with thresholds."""
    return x.reshape(len(x), -1).astype(np.float32)
