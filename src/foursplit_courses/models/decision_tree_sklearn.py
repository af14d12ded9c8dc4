"""A decision tree by scikit-learn; the from-scratch counterpart is `decision_tree`.

Source: Ng, MLS C2 W4 (decision trees; the optional lab on trees in scikit-learn).
"""

from dataclasses import dataclass
from typing import Literal

from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from foursplit.core.examples import DataSpec
from foursplit.core.seeds import derive_seed
from foursplit_courses import array_trees


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; quantities are always split by squared error."""

    criterion: Literal["entropy", "gini"] = "entropy"
    max_depth: int | None = None  # null: until leaves are pure
    min_samples_split: int = 2  # examples that a node needs to be split
    min_samples_leaf: int = 1  # examples that each child must have

    def __post_init__(self) -> None:
        if self.max_depth is not None and self.max_depth < 1:
            raise ValueError(f"max_depth: {self.max_depth} must be at least 1, or null")
        for name, minimum in (("min_samples_split", 2), ("min_samples_leaf", 1)):
            if getattr(self, name) < minimum:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least {minimum}")


def build(args: Args, shape: DataSpec, seed: int) -> array_trees.ArrayTreeEnsemble:
    """Return a model with fit(x, y), and predict_proba(x) or predict(x); `seed` breaks ties."""
    params = {
        "max_depth": args.max_depth,
        "min_samples_split": args.min_samples_split,
        "min_samples_leaf": args.min_samples_leaf,
        "random_state": derive_seed("tree", seed) % 2**32,
    }
    if shape.classes:
        classifier = DecisionTreeClassifier(criterion=args.criterion, **params)
        return array_trees.ArrayClassifier(classifier, shape.n_classes)
    return array_trees.ArrayRegressor(DecisionTreeRegressor(**params), 0)
