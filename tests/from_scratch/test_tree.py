"""Trees from first principles: worked by hand, beside scikit-learn's, and as laws."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from foursplit_courses.from_scratch.impurity import entropy, gini, impurity, information_gain
from foursplit_courses.from_scratch.tree import (
    LEAF,
    TreeParams,
    apply,
    fit_tree,
    predict,
    predict_proba,
)
from foursplit_courses.from_scratch.tree_splits import Level, best_splits, prepare_targets

CLASSIFY = ("entropy", "gini")

# Ten mushrooms: brown cap, tapering stalk, solitary; and which may be eaten.
MUSHROOMS = np.array(
    [(1, 1, 1), (1, 0, 1), (1, 0, 0), (1, 0, 0), (1, 1, 1),
     (0, 1, 1), (0, 0, 0), (1, 0, 1), (0, 1, 0), (1, 0, 0)]
)  # fmt: skip
EDIBLE = np.array([1, 1, 0, 0, 1, 0, 0, 1, 1, 0])


def slow_split(x, y, criterion, min_samples_leaf=1):
    """Judge every threshold of every feature anew; give the highest gain."""
    gains = [
        information_gain(y, left, criterion)
        for column in x.T
        for cut in np.unique(column)[:-1]
        for left in [column <= cut]
        if min(left.sum(), (~left).sum()) >= min_samples_leaf
    ]
    return max(gains, default=None)


def noisy_table(rng, n=120, n_features=4):
    """Draw continuous inputs, so that no two are alike, and labels that depend on them."""
    x = rng.normal(size=(n, n_features)).astype(np.float32)
    return x, (x[:, 0] * x[:, 1] + x[:, 2] + rng.normal(size=n) > 0).astype(int)


tables = st.integers(2, 25).flatmap(
    lambda n: st.tuples(
        # Few different values: ties within a feature and twins among examples are common.
        arrays(np.int64, (n, 3), elements=st.integers(-3, 3)),
        arrays(np.int64, n, elements=st.integers(0, 2)),
    )
)


def test_the_ten_mushrooms_gains():
    # Five of ten may be eaten: 1 bit.  Brown: 7 with 4 edible, against 3 with 1; tapering: 4 with
    # 3, against 6 with 2; solitary: 5 with 4, against 5 with 1.
    assert impurity(EDIBLE, "entropy") == 1.0
    result = [information_gain(EDIBLE, column == 1) for column in MUSHROOMS.T]
    published = [0.034851554559677034, 0.12451124978365313, 0.2780719051126377]
    np.testing.assert_allclose(result, published, rtol=1e-13)


def test_the_ten_mushrooms_tree_worked_by_hand():
    tree = fit_tree(
        MUSHROOMS, EDIBLE, criterion="entropy", n_classes=2, params=TreeParams(max_depth=2)
    )
    # Not solitary (2, 3, 6, 8, 9): one edible, the only tapering one, 8; a split by taper is pure.
    # Solitary (0, 1, 4, 5, 7): one inedible, the only one not brown, 5; a split by cap is pure.
    assert tree.feature.tolist() == [2, 1, 0, LEAF, LEAF, LEAF, LEAF]
    assert tree.n_examples.tolist() == [10, 5, 5, 4, 1, 1, 4]
    assert tree.gain[0] == pytest.approx(0.2780719051126377)
    assert (predict_proba(tree, MUSHROOMS).argmax(axis=1) == EDIBLE).all()


def test_impurities_worked_by_hand():
    assert entropy(np.array([1, 1])) == 1.0
    assert entropy(np.array([2, 2, 2, 2])) == 2.0
    assert entropy(np.array([3, 0])) == 0.0
    assert gini(np.array([1, 3])) == pytest.approx(1 - 1 / 16 - 9 / 16)
    assert impurity(np.array([1.0, 3.0]), "squared_error") == 1.0
    assert impurity(np.array([]), "entropy") == 0.0


def test_exclusive_or_gains_nothing_at_first_and_is_learnt_all_the_same():
    """The naive way fails here: a tree that stops where nothing is gained stays one leaf."""
    x = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    y = np.array([0, 1, 1, 0])
    patient = fit_tree(x, y, criterion="entropy", n_classes=2)
    assert patient.gain[0] == 0.0
    assert (predict_proba(patient, x).argmax(axis=1) == y).all()
    hasty = fit_tree(
        x, y, criterion="entropy", n_classes=2, params=TreeParams(min_impurity_decrease=1e-9)
    )
    assert hasty.feature.tolist() == [LEAF]


def test_a_threshold_between_neighbouring_numbers_still_parts_them():
    """The naive way fails here: half the way between them rounds to the upper one."""
    low = np.nextafter(1.0, 0.0)
    x = np.array([[np.nextafter(low, 0.0)], [low], [1.0], [np.nextafter(1.0, 2.0)]])
    for cut in (1, 2, 3):
        y = (np.arange(4) >= cut).astype(int)
        tree = fit_tree(x, y, criterion="entropy", n_classes=2)
        assert (predict_proba(tree, x).argmax(axis=1) == y).all()


def test_quantities_far_from_zero_are_split_as_near_it(rng):
    """The naive way fails here: a mean of squares less a squared mean is noise at 1e9."""
    x, y = rng.normal(size=(200, 3)), rng.normal(size=200)
    params = TreeParams(
        max_depth=3, min_samples_leaf=10
    )  # of few examples, some features part the same
    near, far = (fit_tree(x, t, criterion="squared_error", params=params) for t in (y, y + 1e9))
    assert near.depth == 3
    np.testing.assert_array_equal(near.feature, far.feature)
    np.testing.assert_array_equal(near.threshold, far.threshold)


@settings(deadline=None)
@given(tables, st.sampled_from(["entropy", "gini", "squared_error"]), st.integers(1, 3))
def test_the_best_split_is_the_slow_plain_ones(table, criterion, min_samples_leaf):
    x, y = table
    columns = np.ascontiguousarray(x.T.astype(float))
    order = np.argsort(columns, axis=1, kind="stable")
    n_classes = 0 if criterion == "squared_error" else 3
    # The same examples as three nodes side by side: what lies beside a node must not matter.
    parts = np.array_split(np.arange(len(y)), 3)
    nodes = np.repeat([0, 1, 2], [len(part) for part in parts])
    order = order[np.arange(3)[:, None], np.argsort(nodes[order], axis=1, kind="stable")]
    level = Level(order=order, start=np.cumsum([0, *map(len, parts)]))
    level = level.select(level.sizes > 0)
    result = best_splits(
        columns, prepare_targets(y, criterion, n_classes), level, criterion, min_samples_leaf
    )
    for node, part in enumerate(part for part in parts if len(part)):
        best = slow_split(x[part], y[part], criterion, min_samples_leaf)
        if best is None:
            assert result.gain[node] == -np.inf
            continue
        assert result.gain[node] == pytest.approx(best, abs=1e-12)
        left = x[part, result.feature[node]] <= result.threshold[node]
        assert left.sum() == result.n_left[node]
        assert information_gain(y[part], left, criterion) == pytest.approx(best, abs=1e-12)


@given(arrays(np.int64, 12, elements=st.integers(0, 2)), arrays(np.bool_, 12))
def test_no_split_adds_impurity(y, left):
    for criterion in ("entropy", "gini", "squared_error"):
        assert information_gain(y, left, criterion) >= -1e-12


@settings(deadline=None)
@given(tables, st.sampled_from(CLASSIFY))
def test_a_tree_without_limits_knows_train_by_heart_where_twins_agree(table, criterion):
    x, y = table
    twins = {}
    for row, label in zip(x.tolist(), y, strict=True):
        twins.setdefault(tuple(row), set()).add(label)
    assume(all(len(labels) == 1 for labels in twins.values()))
    tree = fit_tree(x, y, criterion=criterion, n_classes=3)
    assert (predict_proba(tree, x).argmax(axis=1) == y).all()


@settings(deadline=None)
@given(
    tables,
    st.sampled_from(["entropy", "gini", "squared_error"]),
    st.integers(0, 4),
    st.integers(2, 8),
    st.integers(1, 5),
    st.sampled_from([0.0, 0.05, 0.3]),
)
def test_the_limits_hold_and_no_pure_node_is_split(
    table, criterion, max_depth, min_samples_split, min_samples_leaf, min_impurity_decrease
):
    x, y = table
    params = TreeParams(
        max_depth=max_depth,
        min_samples_split=min_samples_split,
        min_samples_leaf=min_samples_leaf,
        min_impurity_decrease=min_impurity_decrease,
    )
    n_classes = 0 if criterion == "squared_error" else 3
    tree = fit_tree(x, y, criterion=criterion, n_classes=n_classes, params=params)
    splits = tree.feature != LEAF
    assert tree.depth <= max_depth
    assert (tree.n_examples[splits] >= min_samples_split).all()
    assert len(y) < 2 * min_samples_leaf or (tree.n_examples >= min_samples_leaf).all()
    assert (tree.gain[splits] >= min_impurity_decrease).all()
    children = tree.n_examples[tree.left[splits]] + tree.n_examples[tree.right[splits]]
    assert (children == tree.n_examples[splits]).all()
    assert np.bincount(apply(tree, x), minlength=len(splits))[splits].sum() == 0
    if n_classes:
        assert (tree.value[splits].max(axis=1) < 1).all()
        np.testing.assert_allclose(tree.value.sum(axis=1), 1)


@settings(deadline=None)
@given(tables, st.sampled_from(["entropy", "gini", "squared_error"]))
def test_only_the_order_of_a_feature_counts(table, criterion):
    x, y = table
    params, n_classes = TreeParams(max_depth=3), 0 if criterion == "squared_error" else 3
    plain, bent = (
        fit_tree(inputs, y, criterion=criterion, n_classes=n_classes, params=params)
        for inputs in (x, np.exp(x / 2) * 7 - 100)
    )
    np.testing.assert_array_equal(plain.feature, bent.feature)
    np.testing.assert_array_equal(apply(plain, x), apply(bent, np.exp(x / 2) * 7 - 100))


@pytest.mark.parametrize("criterion", CLASSIFY)
@pytest.mark.parametrize(
    "params", [{"max_depth": 3}, {"min_samples_leaf": 15}, {"min_samples_split": 50}]
)
def test_classes_are_parted_as_scikit_learn_parts_them(criterion, params):
    own = TreeParams(**params)
    compared = 0
    for seed in range(20):
        x, y = noisy_table(np.random.default_rng(seed))
        tree = fit_tree(x, y, criterion=criterion, n_classes=2, params=own)
        other = DecisionTreeClassifier(criterion=criterion, random_state=0, **params).fit(x, y)
        if tied(x, y, tree, criterion, own.min_samples_leaf):
            continue  # scikit-learn breaks a tie by chance
        compared += 1
        assert len(tree.feature) == other.tree_.node_count
        np.testing.assert_allclose(predict_proba(tree, x), other.predict_proba(x), atol=1e-12)
        assert left_over(tree, y, x, criterion) == pytest.approx(remaining(other.tree_))
        fresh = np.random.default_rng(seed + 100).normal(size=(50, 4)).astype(np.float32)
        # Thresholds are rounded to single precision there, which moves no fresh row across one.
        np.testing.assert_allclose(predict_proba(tree, fresh), other.predict_proba(fresh))
    assert compared >= 5


@pytest.mark.parametrize(
    "params", [{"max_depth": 2}, {"min_samples_leaf": 15}, {"min_samples_split": 50}]
)
def test_quantities_are_parted_as_scikit_learn_parts_them(params):
    own = TreeParams(**params)
    compared = 0
    for seed in range(20):
        x, _ = noisy_table(np.random.default_rng(seed))
        y = np.sin(3 * x[:, 0]) + x[:, 1] + np.random.default_rng(seed).normal(size=len(x)) / 5
        tree = fit_tree(x, y, criterion="squared_error", params=own)
        other = DecisionTreeRegressor(random_state=0, **params).fit(x, y)
        if tied(x, y, tree, "squared_error", own.min_samples_leaf):
            continue
        compared += 1
        assert len(tree.feature) == other.tree_.node_count
        np.testing.assert_allclose(predict(tree, x), other.predict(x), rtol=1e-10)
        assert left_over(tree, y, x, "squared_error") == pytest.approx(remaining(other.tree_))
    assert compared >= 10


def tied(x, y, tree, criterion, min_samples_leaf):
    """Say whether some node could have been split in two ways as good as each other."""
    for node in np.flatnonzero(tree.feature != LEAF):
        here = reached(tree, node, x)
        gains = sorted(
            information_gain(y[here], left, criterion)
            for column in x[here].T
            for cut in np.unique(column)[:-1]
            for left in [column <= cut]
            if min(left.sum(), (~left).sum()) >= min_samples_leaf
        )
        if len(gains) > 1 and gains[-1] - gains[-2] < 1e-9:
            return True
    return False


def reached(tree, node, x):
    """Mark the examples that pass through a node: those in a leaf below it."""
    below = {int(node)}
    for child in range(len(tree.feature)):
        parents = np.flatnonzero((tree.left == child) | (tree.right == child))
        if any(int(parent) in below for parent in parents):
            below.add(child)
    return np.isin(apply(tree, x), sorted(below))


def left_over(tree, y, x, criterion):
    """Average the impurity of the leaves over train."""
    leaf = apply(tree, x)
    return sum((leaf == n).mean() * impurity(y[leaf == n], criterion) for n in np.unique(leaf))


def remaining(tree):
    """Average scikit-learn's own record of the same."""
    leaf = tree.children_left == -1
    shares = tree.n_node_samples[leaf] / tree.n_node_samples[0]
    return float(shares @ tree.impurity[leaf])


def test_what_is_wrong_is_named():
    x, y = np.zeros((3, 2)), np.array([0, 1, 1])
    with pytest.raises(ValueError, match="max_depth: -1 must be 0 or more"):
        TreeParams(max_depth=-1)
    with pytest.raises(ValueError, match="min_impurity_decrease: nan must be at least 0"):
        TreeParams(min_impurity_decrease=float("nan"))
    with pytest.raises(ValueError, match="n_classes=2"):
        fit_tree(x, np.array([0, 1, 2]), criterion="gini", n_classes=2)
    with pytest.raises(ValueError, match="finite"):
        fit_tree(np.full((3, 2), np.nan), y, criterion="gini", n_classes=2)
    with pytest.raises(ValueError, match=r"\(3, 2\) and y \(2,\)"):
        fit_tree(x, y[:2], criterion="gini", n_classes=2)
