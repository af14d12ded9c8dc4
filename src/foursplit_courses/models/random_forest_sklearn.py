"""A random forest by scikit-learn: trees on bootstrap samples, splits on random feature subsets.

Source: Ng, MLS C2 W4 (sampling with replacement, random forests); Breiman (2001), Random Forests.
"""

from dataclasses import dataclass
from typing import Literal

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from foursplit.core.examples import DataSpec
from foursplit.core.seeds import derive_seed
from foursplit_courses import array_trees
from foursplit_courses.argument_checks import check_at_least, check_null_or_at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; quantities are always split by squared error."""

    n_estimators: int = 100
    criterion: Literal["entropy", "gini"] = "entropy"
    max_depth: int | None = None  # null: until leaves are pure
    min_samples_split: int = 2  # examples that a node needs to be split
    max_features: Literal["sqrt"] | float = "sqrt"  # per split; a float is a fraction

    def __post_init__(self) -> None:
        check_at_least(self, n_estimators=1, min_samples_split=2)
        check_null_or_at_least(self, max_depth=1)
        if self.max_features != "sqrt" and not 0 < self.max_features <= 1:
            raise ValueError(
                f"max_features: {self.max_features} must be sqrt, or above 0 and at most 1"
            )


def build(args: Args, shape: DataSpec, seed: int) -> array_trees.ArrayTreeEnsemble:
    """Return a model with fit(x, y), and predict_proba(x) or predict(x)."""
    return array_trees.array_ensemble(
        shape,
        RandomForestClassifier,
        RandomForestRegressor,
        criterion=args.criterion,
        n_estimators=args.n_estimators,
        max_depth=args.max_depth,
        min_samples_split=args.min_samples_split,
        max_features=args.max_features,
        random_state=derive_seed("forest", seed) % 2**32,
    )
