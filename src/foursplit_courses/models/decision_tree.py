"""A decision tree from scratch, for classification or regression.

Source: Ng, MLS C2 W4 (decision trees; regression trees).
"""

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from foursplit.core.examples import DataSpec
from foursplit_courses.from_scratch import tree
from foursplit_courses.from_scratch.impurity import Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; quantities are always split by squared error."""

    criterion: Literal["entropy", "gini"] = "entropy"
    max_depth: int | None = None  # null: until leaves are pure
    min_samples_split: int = 2  # examples that a node needs to be split
    min_samples_leaf: int = 1  # examples that each child must have
    min_impurity_decrease: float = 0.0  # of a split, in the unit of the criterion

    def __post_init__(self) -> None:
        self.params()

    def params(self) -> tree.TreeParams:
        return tree.TreeParams(
            max_depth=self.max_depth,
            min_samples_split=self.min_samples_split,
            min_samples_leaf=self.min_samples_leaf,
            min_impurity_decrease=self.min_impurity_decrease,
        )


class DecisionTree:
    """Base class of classifier and regressor."""

    def __init__(self, args: Args, n_classes: int) -> None:
        self.params, self.n_classes = args.params(), n_classes
        self.criterion: Criterion = args.criterion if n_classes else "squared_error"
        self.tree: tree.Tree | None = None

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        self.tree = tree.fit_tree(
            _rows(x), y, criterion=self.criterion, n_classes=self.n_classes, params=self.params
        )

    @property
    def fitted_tree(self) -> tree.Tree:
        assert self.tree is not None, "fit or restore comes first"
        return self.tree

    def arrays(self) -> dict[str, np.ndarray]:
        return {field.name: getattr(self.fitted_tree, field.name) for field in fields(tree.Tree)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.tree = tree.Tree(**arrays)

    @property
    def n_parameters(self) -> int:
        """Count feature and threshold of each split, and the values of each leaf."""
        n_splits = len(self.fitted_tree.feature) - self.fitted_tree.n_leaves
        return 2 * n_splits + self.fitted_tree.n_leaves * self.fitted_tree.value.shape[1]


class TreeClassifier(DecisionTree):
    """A tree that predicts class probabilities."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return tree.predict_proba(self.fitted_tree, _rows(x))


class TreeRegressor(DecisionTree):
    """A tree that predicts a quantity."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        return tree.predict(self.fitted_tree, _rows(x))


def _rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64)


def build(args: Args, shape: DataSpec, _seed: int) -> DecisionTree:
    """Return a model with fit(x, y), and predict_proba(x) (classes) or predict(x)."""
    model_class = TreeClassifier if shape.classes else TreeRegressor
    return model_class(args, shape.n_classes)
