"""Pages that train small networks many times: parts that are apart, gaps by hand, intervals."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

from foursplit_courses.lesson_helpers.digit_networks import Digits, Settings, error_rate, train
from foursplit_courses.lessons import (
    boundaries_by_dropout,
    drivers_of_deep_learning,
    orthogonal_controls,
)


def test_a_moved_digit_is_the_same_a_pixel_off():
    digits = Digits(np.random.default_rng(1).random((200, 64)), np.zeros(200))
    moved = orthogonal_controls.moved_digits(digits, np.random.default_rng(2))
    for before, after in zip(digits.x, moved.x, strict=True):
        rows, found = before.reshape(8, 8), after.reshape(8, 8)
        left, right = np.zeros((8, 8)), np.zeros((8, 8))
        left[:, :-1], right[:, 1:] = rows[:, 1:], rows[:, :-1]
        assert (found == left).all() != (found == right).all()
    both = {bool((a.reshape(8, 8)[:, 0] == 0).all()) for a in moved.x}
    assert both == {True, False}


def test_the_parts_of_a_draw_share_no_digit():
    args = orthogonal_controls.Args()
    draw = orthogonal_controls.draw_digits(args, 0)
    assert [len(part.y) for part in draw] == [300, 350, 350, 350]
    rows = [row.tobytes() for part in (draw.train, draw.train_dev) for row in part.x]
    assert len({*rows}) == len(rows)


@pytest.mark.parametrize("name", ["start", "train as the target is", "a larger dev set"])
def test_the_four_gaps_lead_from_nothing_to_test(name):
    """Without a choice, and with all of dev to choose on, the gaps add up to the error on test."""
    args = orthogonal_controls.Args(n_draws=2, n_choices=1)
    draw = orthogonal_controls.draw_digits(args, 1)
    plan = orthogonal_controls.KNOBS[name]
    gaps = orthogonal_controls.measure(args, plan, draw, 1)
    learnt = draw.train.take(slice(args.n_train))
    if plan.like_target:
        learnt = orthogonal_controls.moved_digits(
            learnt, orthogonal_controls.generator("orthogonal controls: like the target", 1)
        )
    weights = orthogonal_controls.generator("orthogonal controls: weights", 1, 0)
    network = train(plan.settings, learnt, weights)
    choosing = draw.dev.take(slice(plan.n_dev))
    left = error_rate(network, draw.dev) - error_rate(network, choosing)
    assert gaps.sum() - left == pytest.approx(error_rate(network, draw.test))
    assert gaps[0] == error_rate(network, learnt)


def test_a_fall_counts_where_its_interval_says_so():
    rng = np.random.default_rng(4)
    effect = np.column_stack(
        [rng.normal(0, 0.1, 8), np.full(8, -0.2), rng.normal(-0.5, 0.02, 8), np.full(8, 0.9)]
    )
    assert orthogonal_controls.largest_fall(effect) == 2
    assert orthogonal_controls.largest_fall(np.zeros((8, 4))) is None
    for values in (rng.normal(0.05, 0.1, 8), rng.normal(0.2, 0.1, 8)):
        expected = stats.ttest_1samp(values, 0).pvalue < 0.05
        assert orthogonal_controls.is_significant(values) == expected


def test_a_network_without_hidden_units_is_softmax_regression():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(5)
    x = rng.normal(size=(400, 3))
    # Noise, so that the classes overlap and the minimum is finite.
    y = (x @ rng.normal(size=(3, 3)) + rng.gumbel(size=(400, 3))).argmax(axis=1)
    network = train(Settings(n_steps=1500, learning_rate=0.005), Digits(x, y), rng)
    other = LogisticRegression(C=1e6, max_iter=2000).fit(x, y)
    chances = softmax(network.forward(x), axis=1)[:, :3]
    np.testing.assert_allclose(chances, other.predict_proba(x), atol=0.06)


def test_a_learning_curve_judges_rows_that_no_size_learns_from():
    args = drivers_of_deep_learning.Args(n_draws=2, sizes=(20, 40), table_sizes=(20,), n_steps=5)
    x = np.random.default_rng(6).normal(size=(60, 4))
    y = np.array([0] * 40 + [1] * 20)  # a class that only the held-out rows have
    curves = drivers_of_deep_learning.measure(args, [Digits(x, y)] * 2, (20, 40), 40)
    assert set(curves) == set(drivers_of_deep_learning.MODELS)
    args = drivers_of_deep_learning.Args(n_draws=2, n_steps=200)
    (errors,) = {
        tuple(drivers_of_deep_learning.measure(args, [Digits(x, y)], (40,), 40)["linear"][0])
    }
    assert errors == (1.0,)


def test_the_best_boundary_is_the_rules_own_and_training_comes_near_it():
    args = boundaries_by_dropout.Args(n_draws=2, n_test=20_000, n_epochs=150)
    numbers = boundaries_by_dropout.run(args).numbers
    # The Bayes error by integration of the smaller chance over the square.
    side = np.linspace(-1, 1, 801)
    x, y = np.meshgrid(side, side)
    chance = 1 / (1 + np.exp(-8 * (y - 0.4 * np.sin(2.5 * x))))
    assert numbers["test_best"] == pytest.approx(np.minimum(chance, 1 - chance).mean(), abs=0.006)
    for name in ("no_regularization", "l2_penalty", "dropout"):
        assert numbers["test_best"] - 0.005 < numbers[f"test_{name}"] < 0.25


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: orthogonal_controls.Args(n_train=900), "n_train, n_held_out: 900, 350 need 2850"),
        (lambda: drivers_of_deep_learning.Args(sizes=(2000,)), "sizes"),
        (lambda: boundaries_by_dropout.Args(keep=1.0), "keep: 1.0"),
    ],
)
def test_arguments_that_cannot_be_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
