"""A decision tree from first principles, for classes or quantities.

Source: Ng, MLS C2 W4 (decision trees; regression trees).
"""

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from foursplit.core.examples import DataShape
from foursplit_courses.from_scratch import tree
from foursplit_courses.from_scratch.impurity import Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; quantities are always split by squared error."""

    criterion: Literal["entropy", "gini"] = "entropy"
    max_depth: int | None = None  # questions above a leaf at most; null: until leaves are pure
    min_split: int = 2  # examples that a node needs to be split
    min_leaf: int = 1  # examples that each part must keep
    min_gain: float = 0.0  # of a split, in the criterion's unit

    def __post_init__(self) -> None:
        self.limits()

    def limits(self) -> tree.Limits:
        return tree.Limits(
            max_depth=self.max_depth, min_split=self.min_split, min_leaf=self.min_leaf,
            min_gain=self.min_gain,
        )  # fmt: skip


class DecisionTree:
    """A tree with a fit of its own."""

    def __init__(self, args: Args, n_classes: int) -> None:
        self.limits, self.n_classes = args.limits(), n_classes
        self.criterion: Criterion = args.criterion if n_classes else "squared_error"
        self.tree: tree.Tree | None = None

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        self.tree = tree.grow(
            _rows(x), y, criterion=self.criterion, n_classes=self.n_classes, limits=self.limits
        )

    @property
    def learnt(self) -> tree.Tree:
        assert self.tree is not None, "fit or restore comes first"
        return self.tree

    def arrays(self) -> dict[str, np.ndarray]:
        return {field.name: getattr(self.learnt, field.name) for field in fields(tree.Tree)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.tree = tree.Tree(**arrays)

    @property
    def n_parameters(self) -> int:
        """Count a feature and a threshold a split, and what each leaf answers."""
        n_splits = len(self.learnt.feature) - self.learnt.n_leaves
        return 2 * n_splits + self.learnt.n_leaves * self.learnt.value.shape[1]


class OfClasses(DecisionTree):
    """A tree that answers with the shares of the classes."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return tree.predict_proba(self.learnt, _rows(x))


class OfQuantities(DecisionTree):
    """A tree that answers with a number."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        return tree.predict(self.learnt, _rows(x))


def _rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64)


def build(args: Args, shape: DataShape, _seed: int) -> DecisionTree:
    """Give a model with fit(x, y), and predict_proba(x) of classes or predict(x) of quantities."""
    kind = OfClasses if shape.classes else OfQuantities
    return kind(args, shape.n_classes)
