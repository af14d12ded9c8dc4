"""Tree models answer as the libraries they come from, and stop and break as they should."""

import numpy as np
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import log_loss

from foursplit.core.examples import DataSpec
from foursplit.core.seeds import derive_seed
from foursplit_courses import array_trees
from foursplit_courses.models import (
    boosted_trees,
    decision_tree,
    decision_tree_sklearn,
    random_forest_sklearn,
)

MODELS = (boosted_trees, decision_tree, random_forest_sklearn, decision_tree_sklearn)
TWO = DataSpec(inputs=(2, 3), classes=("no", "yes"))
THREE = DataSpec(inputs=(2, 3), classes=("a", "b", "c"))
AMOUNT = DataSpec(inputs=(2, 3))


def rows(rng, shape, n=150):
    x = rng.normal(size=(n, *shape.inputs)).astype(np.float32)
    score = x[:, 0, 0] + x[:, 1, 2] ** 2 + rng.normal(size=n) / 2
    if not shape.classes:
        return x, score
    cuts = np.quantile(score, np.arange(1, shape.n_classes) / shape.n_classes)
    return x, np.digitize(score, cuts)


def fitted(file, shape, x, y, **args):
    model = file.build(file.Args(**args), shape, 1)
    model.fit(x, y)
    return model


@pytest.mark.parametrize("file", MODELS)
@pytest.mark.parametrize("shape", [TWO, THREE])
def test_classes_get_shares_that_add_to_one_and_beat_the_trivial_answer(file, shape, rng):
    x, y = rows(rng, shape)
    fresh, truth = rows(rng, shape, 300)
    proba = fitted(file, shape, x, y).predict_proba(fresh)
    assert proba.shape == (300, shape.n_classes)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    assert (proba.argmax(axis=1) != truth).mean() < 0.8 * (1 - 1 / shape.n_classes)


@pytest.mark.parametrize("file", MODELS)
def test_quantities_are_answered_in_their_own_unit(file, rng):
    x, y = rows(rng, AMOUNT)
    fresh, truth = rows(rng, AMOUNT, 300)
    model = fitted(file, AMOUNT, x, 1000 + 10 * y)
    assert not hasattr(model, "predict_proba")
    residual = model.predict(fresh) - (1000 + 10 * truth)
    assert np.mean(residual**2) < 0.8 * np.var(10 * truth)


@pytest.mark.parametrize("file", MODELS)
@pytest.mark.parametrize("shape", [TWO, THREE, AMOUNT])
def test_taken_up_again_it_answers_to_the_bit_as_before(file, shape, rng):
    x, y = rows(rng, shape)
    model = fitted(file, shape, x, y)
    again = file.build(file.Args(), shape, 9)
    again.restore(model.arrays())
    name = "predict_proba" if shape.classes else "predict"
    np.testing.assert_array_equal(getattr(again, name)(x), getattr(model, name)(x))
    assert again.n_parameters == model.n_parameters


@pytest.mark.parametrize("shape", [TWO, THREE, AMOUNT])
def test_a_kept_forest_answers_as_scikit_learns(shape, rng):
    x, y = rows(rng, shape)
    fresh, _ = rows(rng, shape, 300)
    own = fitted(random_forest_sklearn, shape, x, y, n_estimators=20)
    sklearn_class = RandomForestClassifier if shape.classes else RandomForestRegressor
    more = {"criterion": "entropy"} if shape.classes else {}
    other = sklearn_class(
        20, max_features="sqrt", random_state=derive_seed("forest", 1) % 2**32, **more
    )
    other.fit(x.reshape(len(x), -1), y)
    flat = fresh.reshape(len(fresh), -1)
    if shape.classes:
        np.testing.assert_allclose(own.predict_proba(fresh), other.predict_proba(flat))
    else:
        np.testing.assert_allclose(own.predict(fresh), other.predict(flat))
    nodes = sum(one.tree_.node_count for one in other.estimators_)
    leaves = sum(one.get_n_leaves() for one in other.estimators_)
    assert own.n_parameters == 2 * (nodes - leaves) + leaves * max(1, shape.n_classes)


@pytest.mark.parametrize(
    "file", [decision_tree_sklearn, random_forest_sklearn, decision_tree, boosted_trees]
)
def test_a_class_that_train_lacks_keeps_its_column(file, rng):
    """The naive way fails here: scikit-learn gives no column to a class that it has not seen."""
    x, y = rows(rng, TWO)
    proba = fitted(file, THREE, x, np.where(y == 1, 2, 0)).predict_proba(x)
    assert proba.shape == (len(x), 3)
    assert (proba.argmax(axis=1) != 1).all()


def test_a_forged_tree_is_refused_and_not_followed(rng):
    x, y = rows(rng, TWO)
    arrays = fitted(decision_tree_sklearn, TWO, x, y).arrays()
    n = int(arrays["n_nodes"][0])
    for name, wrong in (("left", 0), ("right", n), ("left", -5)):
        forged = {**arrays, name: arrays[name].copy()}
        forged[name][0] = wrong
        with pytest.raises(ValueError, match=rf"{name}\[0\]: {wrong} must be from 1 to {n - 1}"):
            array_trees.ArrayClassifier(None, 2).restore(forged)


def test_boosting_ends_at_the_round_whose_loss_on_the_part_set_aside_is_lowest(rng):
    x, y = rows(rng, TWO, 400)
    model = fitted(boosted_trees, TWO, x, y, early_stopping_rounds=5)
    best = int(np.argmin(model.losses))
    assert len(model.losses) == best + 1 + 5 < 500
    assert model.booster.num_boosted_rounds() == best + 1
    is_validation = model._validation_mask(len(y))
    loss = log_loss(y[is_validation], model.predict_proba(x[is_validation])[:, 1])
    assert loss == pytest.approx(model.losses[best], rel=1e-5)
    worse = log_loss(y[~is_validation], model.predict_proba(x[~is_validation])[:, 1])
    assert worse < loss  # what it learnt from, it knows better


def test_the_part_set_aside_is_never_learnt_from(rng):
    x, y = rows(rng, TWO, 200)
    model = boosted_trees.build(boosted_trees.Args(n_estimators=7, early_stopping_rounds=7), TWO, 1)
    is_validation = model._validation_mask(len(y))
    assert is_validation.sum() == 40
    model.fit(x, y)
    train_only = xgboost.DMatrix(
        x[~is_validation].reshape(160, -1), label=y[~is_validation], nthread=1
    )
    plain = xgboost.train(model._params(), train_only, num_boost_round=len(model.losses))
    rounds = model.booster.num_boosted_rounds()
    flat = xgboost.DMatrix(x.reshape(200, -1))
    expected = plain[:rounds].predict(flat)
    np.testing.assert_array_equal(model.predict_proba(x)[:, 1], expected.astype(np.float64))


def test_another_seed_sets_other_examples_aside():
    one, same, other = (boosted_trees.build(boosted_trees.Args(), TWO, s) for s in (1, 1, 2))
    assert (one._validation_mask(100) == same._validation_mask(100)).all()
    assert (one._validation_mask(100) != other._validation_mask(100)).any()


def test_settings_that_make_no_sense_are_named():
    with pytest.raises(ValueError, match=r"validation_fraction: 1\.0 must be between 0 and 1"):
        boosted_trees.Args(validation_fraction=1.0)
    with pytest.raises(ValueError, match="early_stopping_rounds: 0 must be at least 1"):
        boosted_trees.Args(early_stopping_rounds=0)
    with pytest.raises(ValueError, match=r"max_features: 2\.0 must be sqrt, or above 0"):
        random_forest_sklearn.Args(max_features=2.0)
    with pytest.raises(ValueError, match="min_samples_split: 1 must be at least 2"):
        decision_tree_sklearn.Args(min_samples_split=1)
    with pytest.raises(ValueError, match="min_samples_leaf: 0 must be at least 1"):
        decision_tree.Args(min_samples_leaf=0)
    with pytest.raises(ValueError, match=r"validation_fraction: 0\.9 of 1 examples leaves none"):
        boosted_trees.build(boosted_trees.Args(validation_fraction=0.9), TWO, 1).fit(
            np.zeros((1, 2, 3), dtype=np.float32), np.array([0])
        )
