"""A decision tree by scikit-learn; the from-scratch counterpart is `decision_tree`.

Source: Ng, MLS C2 W4 (decision trees; the optional lab on trees in scikit-learn).
"""

from dataclasses import dataclass
from typing import Literal

from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from foursplit.core.examples import DataSpec
from foursplit.core.seeds import derive_seed
from foursplit_courses import array_trees
from foursplit_courses.argument_checks import check_at_least, check_null_or_at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; quantities are always split by squared error."""

    criterion: Literal["entropy", "gini"] = "entropy"
    max_depth: int | None = None  # null: until leaves are pure
    min_samples_split: int = 2  # examples that a node needs to be split
    min_samples_leaf: int = 1  # examples that each child must have

    def __post_init__(self) -> None:
        check_null_or_at_least(self, max_depth=1)
        check_at_least(self, min_samples_split=2, min_samples_leaf=1)


def build(args: Args, shape: DataSpec, seed: int) -> array_trees.ArrayTreeEnsemble:
    """Return a model with fit(x, y), and predict_proba(x) or predict(x); `seed` breaks ties."""
    return array_trees.array_ensemble(
        shape,
        DecisionTreeClassifier,
        DecisionTreeRegressor,
        criterion=args.criterion,
        max_depth=args.max_depth,
        min_samples_split=args.min_samples_split,
        min_samples_leaf=args.min_samples_leaf,
        random_state=derive_seed("tree", seed) % 2**32,
    )
