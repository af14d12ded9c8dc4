"""A random forest as scikit-learn grows it: trees on redrawn examples, each split on few features.

Source: Ng, MLS C2 W4 (sampling with replacement, random forests); Breiman (2001), Random Forests.
"""

from dataclasses import dataclass
from typing import Literal

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from foursplit.core.examples import DataShape
from foursplit.core.seeds import derive
from foursplit_courses import array_trees


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; quantities are always split by squared error."""

    n_trees: int = 100
    criterion: Literal["entropy", "gini"] = "entropy"
    max_depth: int | None = None  # null: until leaves are pure
    min_split: int = 2  # examples that a node needs to be split
    features: Literal["sqrt"] | float = "sqrt"  # that a split chooses from: their root, or a share

    def __post_init__(self) -> None:
        if self.n_trees < 1:
            raise ValueError(f"n_trees: {self.n_trees} must be at least 1")
        if self.max_depth is not None and self.max_depth < 1:
            raise ValueError(f"max_depth: {self.max_depth} must be at least 1, or null")
        if self.min_split < 2:
            raise ValueError(f"min_split: {self.min_split} must be at least 2")
        if self.features != "sqrt" and not 0 < self.features <= 1:
            raise ValueError(
                f"features: {self.features} must be sqrt, or a share above 0 and at most 1"
            )


def build(args: Args, shape: DataShape, seed: int) -> array_trees.KeptTrees:
    """Give a model with fit(x, y), and predict_proba(x) or predict(x)."""
    settings = {
        "n_estimators": args.n_trees,
        "max_depth": args.max_depth,
        "min_samples_split": args.min_split,
        "max_features": args.features,
        "random_state": derive("forest", seed) % 2**32,
    }
    if shape.classes:
        grown = RandomForestClassifier(criterion=args.criterion, **settings)
        return array_trees.OfClasses(grown, shape.n_classes)
    return array_trees.OfQuantities(RandomForestRegressor(**settings), 0)
