"""A decision tree as scikit-learn grows it; the first-principles one is `decision_tree`.

Source: Ng, MLS C2 W4 (decision trees; the optional lab on trees in scikit-learn).
"""

from dataclasses import dataclass
from typing import Literal

from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from foursplit.core.examples import DataShape
from foursplit.core.seeds import derive
from foursplit_courses import array_trees


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; quantities are always split by squared error."""

    criterion: Literal["entropy", "gini"] = "entropy"
    max_depth: int | None = None  # null: until leaves are pure
    min_split: int = 2  # examples that a node needs to be split
    min_leaf: int = 1  # examples that each part must keep

    def __post_init__(self) -> None:
        if self.max_depth is not None and self.max_depth < 1:
            raise ValueError(f"max_depth: {self.max_depth} must be at least 1, or null")
        for name, least in (("min_split", 2), ("min_leaf", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least {least}")


def build(args: Args, shape: DataShape, seed: int) -> array_trees.KeptTrees:
    """Give a model with fit(x, y), and predict_proba(x) or predict(x); ties go by `seed`."""
    limits = {
        "max_depth": args.max_depth,
        "min_samples_split": args.min_split,
        "min_samples_leaf": args.min_leaf,
        "random_state": derive("tree", seed) % 2**32,
    }
    if shape.classes:
        grown = DecisionTreeClassifier(criterion=args.criterion, **limits)
        return array_trees.OfClasses(grown, shape.n_classes)
    return array_trees.OfQuantities(DecisionTreeRegressor(**limits), 0)
