"""Trees fitted by scikit-learn, stored and evaluated as flat NumPy arrays.

scikit-learn does not check the bounds of node indices in a file, so that a forged file can read
foreign memory, and skops does not trust such files.  Here indices are validated on load, and NumPy
checks bounds.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from foursplit.core.examples import DataSpec
from foursplit_courses.from_scratch.tree import LEAF, Tree, apply

NODES = ("feature", "threshold", "left", "right", "value", "n_examples", "gain")


class ArrayTreeEnsemble:
    """One tree, or several whose predictions are averaged."""

    def __init__(self, estimator: Any, n_classes: int) -> None:
        self.estimator, self.n_classes = estimator, n_classes
        self.trees: tuple[Tree, ...] = ()

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        self.estimator.fit(_rows(x), y)
        classes = self.estimator.classes_.astype(np.int64) if self.n_classes else None
        members = getattr(self.estimator, "estimators_", [self.estimator])
        self.trees = tuple(_from_sklearn(e.tree_, classes, self.n_classes) for e in members)

    def arrays(self) -> dict[str, np.ndarray]:
        """Concatenate the nodes of the trees; child indices are relative to their tree."""
        joined = {
            name: np.concatenate([getattr(tree, name) for tree in self.trees]) for name in NODES
        }
        return {**joined, "n_nodes": np.array([len(tree.feature) for tree in self.trees])}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        ends = np.cumsum(arrays["n_nodes"])[:-1]
        pieces = {name: np.split(arrays[name], ends) for name in NODES}
        self.trees = tuple(
            validate_tree(Tree(**{name: pieces[name][number] for name in NODES}))
            for number in range(len(arrays["n_nodes"]))
        )

    @property
    def n_parameters(self) -> int:
        """Count feature and threshold of each split, and the values of each leaf."""
        n_leaves = sum(tree.n_leaves for tree in self.trees)
        n_splits = sum(len(tree.feature) for tree in self.trees) - n_leaves
        return 2 * n_splits + n_leaves * max(1, self.n_classes)

    def mean_leaf_values(self, x: np.ndarray) -> np.ndarray:
        """Average the leaf values over trees: (example, class) fractions or (example, 1) means."""
        rows = _rows(x)
        total = sum(tree.value[apply(tree, rows)] for tree in self.trees)
        average: np.ndarray = np.asarray(total) / len(self.trees)
        return average


class ArrayClassifier(ArrayTreeEnsemble):
    """Trees that predict class probabilities."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return self.mean_leaf_values(x)


class ArrayRegressor(ArrayTreeEnsemble):
    """Trees that predict a quantity."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.mean_leaf_values(x)[:, 0]


def array_ensemble(
    shape: DataSpec,
    classifier: Callable[..., Any],
    regressor: Callable[..., Any],
    *,
    criterion: str,
    **params: Any,
) -> ArrayTreeEnsemble:
    """Return an unfitted classifier, or where there are no classes a regressor on squared error."""
    if shape.classes:
        return ArrayClassifier(classifier(criterion=criterion, **params), shape.n_classes)
    return ArrayRegressor(regressor(**params), 0)


def _from_sklearn(fitted: Any, classes: np.ndarray | None, n_classes: int) -> Tree:
    """Convert a scikit-learn tree; a class that is absent from train gets probability 0."""
    leaf, node_ids = fitted.children_left == -1, np.arange(fitted.node_count)
    value = fitted.value[:, 0, :]
    if classes is not None:
        value = np.zeros((fitted.node_count, n_classes))
        value[:, classes] = fitted.value[:, 0, :]
    impurity, n = fitted.impurity, fitted.weighted_n_node_samples
    left, right = (
        np.where(leaf, node_ids, side) for side in (fitted.children_left, fitted.children_right)
    )
    children = n[left] * impurity[left] + n[right] * impurity[right]
    return Tree(
        feature=np.where(leaf, LEAF, fitted.feature),
        threshold=np.where(leaf, 0.0, fitted.threshold),
        left=left,
        right=right,
        value=value.copy(),
        n_examples=fitted.n_node_samples.astype(np.int64),
        gain=np.where(leaf, 0.0, impurity - children / n),
    )


def validate_tree(tree: Tree) -> Tree:
    """Raise if a child index is out of range or not greater than its parent's."""
    node_ids, n = np.arange(len(tree.feature)), len(tree.feature)
    leaf = tree.feature == LEAF
    for name, child in (("left", tree.left), ("right", tree.right)):
        wrong = np.where(leaf, child != node_ids, (child <= node_ids) | (child >= n))
        if wrong.any():
            node = int(wrong.argmax())
            raise ValueError(
                f"{name}[{node}]: {child[node]} must be from {node + 1} to {n - 1}, or in a leaf "
                f"{node} itself"
            )
    return tree


def _rows(x: np.ndarray) -> np.ndarray:
    """Flatten to float32, the precision in which scikit-learn compares with thresholds."""
    return x.reshape(len(x), -1).astype(np.float32)
