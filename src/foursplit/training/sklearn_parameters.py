"""How many numbers a scikit-learn model has learnt: coefficients, nodes of trees, centres.

Files hold more: counts of features, classes, running variances, the state of an optimizer. Means,
deviations and categories that prepare the inputs are not counted, as those of networks are not.

Source: scikit-learn's API, "estimated attributes end with an underscore".
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

LEARNT = (
    "coef_", "intercept_", "coefs_", "intercepts_",  # linear models, networks
    "support_vectors_", "dual_coef_",  # support vector machines
    "theta_", "var_", "class_prior_", "feature_log_prob_", "class_log_prior_",  # naive Bayes
    "cluster_centers_", "weights_", "means_", "covariances_",  # clusters and mixtures
    "components_",  # of the inputs
)  # fmt: skip
"""Attributes that predictions are computed from, and no statistic of the training besides."""

NOT_BESIDE = {"var_": "scale_", "support_vectors_": "coef_"}
"""An attribute, and one that says the same where both are there."""


def count_learnt(model: Any) -> int | None:
    """Return the number of learnt numbers; None for a model of an unknown kind."""
    if hasattr(model, "steps"):  # a pipeline
        return _sum(step for _, step in model.steps)
    if hasattr(model, "transformers_"):  # a column transformer
        return _sum(part for _, part, _ in model.transformers_)
    for holds, count in KINDS:
        if holds(model):
            return count(model)
    found = [
        _size(getattr(model, name))
        for name in LEARNT
        if _has(model, name) and not _has(model, NOT_BESIDE.get(name, ""))
    ]
    return sum(found) if found else None


def _has(model: Any, name: str) -> bool:
    return bool(name) and getattr(model, name, None) is not None


def _sum(models: Iterable[Any]) -> int:
    """Add up the parts; what passes its inputs on has learnt nothing."""
    return sum(
        count_learnt(model) or 0 for model in models if not isinstance(model, str | type(None))
    )


def _size(value: Any) -> int:
    if isinstance(value, list | tuple):
        return sum(_size(each) for each in value)
    return int(np.size(value))


def _tree(model: Any) -> int:
    """Count the feature and threshold of each split, and the values of each leaf."""
    tree = model.tree_
    n_values = int(tree.value.shape[1] * tree.value.shape[2])
    return 2 * int(tree.node_count - tree.n_leaves) + n_values * int(tree.n_leaves)


def _histogram_trees(model: Any) -> int:
    """Count the same of histogram-based boosting, whose trees are arrays of nodes."""
    nodes = [tree.nodes for stage in model._predictors for tree in stage]
    return sum(2 * int((n["is_leaf"] == 0).sum()) + int((n["is_leaf"] != 0).sum()) for n in nodes)


def _ensemble(model: Any) -> int:
    members = np.ravel(np.asarray(model.estimators_, dtype=object))
    return _sum(m[1] if isinstance(m, tuple) else m for m in members)


KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any], int]], ...] = (
    (lambda model: hasattr(model, "tree_"), _tree),
    (lambda model: hasattr(model, "_predictors"), _histogram_trees),
    (
        lambda model: hasattr(model, "calibrated_classifiers_"),
        lambda m: _sum(c.estimator for c in m.calibrated_classifiers_),
    ),
    (lambda model: hasattr(model, "best_estimator_"), lambda m: _sum([m.best_estimator_])),
    (lambda model: hasattr(model, "estimators_"), _ensemble),
    # Neighbours are found among the training examples, which are the model.
    (lambda model: hasattr(model, "_fit_X"), lambda m: _size(m._fit_X) + _size(m._y)),
)
"""Which attribute says what a model is, and how it is counted."""
