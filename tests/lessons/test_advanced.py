"""What the lessons of course advanced compute, against oracles and the sources they retell."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, Ridge

from foursplit_courses.datasets import coffee, six_blobs
from foursplit_courses.from_scratch.softmax import cross_entropy, naive_cross_entropy
from foursplit_courses.lessons import (
    activations,
    adam,
    bias_and_variance_in_networks,
    computation_graph,
    data_centric,
    model_choice,
    neurons_and_layers,
    softmax,
)

SMALL = {
    activations: {"n_layers": 3, "n_units": 6, "n_examples": 5},
    computation_graph: {},
    neurons_and_layers: {"roasts": 60, "starts": 1, "steps": 50, "pieces": (1, 4)},
    softmax: {"points": 40, "steps": 60},
    adam: {"digits": 60, "steps": 15, "learning_rates": (0.01, 0.03)},
    model_choice: {"sizes": (20, 60)},
    bias_and_variance_in_networks: {"n_train": 60, "large": (12, 6), "steps": 30},
    data_centric: {"n_train": 40, "n_more": 20, "n_cross": 80, "steps": 15, "seeds": (1,)},
}


@pytest.mark.parametrize("lesson", SMALL, ids=lambda lesson: lesson.__name__.rpartition(".")[2])
def test_a_lesson_repeats_itself_and_measures_numbers(lesson):
    args = lesson.Args(**SMALL[lesson])
    first = lesson.run(args)
    assert first.as_json() == lesson.run(args).as_json()
    assert json.dumps(first.as_json(), allow_nan=False)
    assert first.numbers
    assert all(np.isfinite(value) for value in first.numbers.values())


@pytest.mark.parametrize(
    ("lesson", "given", "said"),
    [
        (neurons_and_layers, {"roasts": 0}, "roasts: 0 must be at least 1"),
        (softmax, {"std": 0.0}, "std: 0.0 must be above 0"),
        (activations, {"reach": 0.0}, "reach: 0.0 must be above 0"),
        (computation_graph, {"y": 0.5}, "y: 0.5 must be 0 or 1"),
        (adam, {"learning_rates": ()}, "learning_rates: .. must be numbers above 0"),
        (model_choice, {"n_cross": 1}, "n_cross: 1 must be at least 2"),
        (bias_and_variance_in_networks, {"worth": 0.0}, "worth: 0.0 must be above 0"),
        (data_centric, {"n_train": 1500}, "must be at most 1797 together"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(lesson, given, said):
    with pytest.raises(ValueError, match=said):
        lesson.Args(**given)


def test_the_lessons_retell_the_rules_of_the_sources(rng):
    t, d = rng.uniform(*coffee.TEMPERATURES, 2000), rng.uniform(*coffee.DURATIONS, 2000)
    np.testing.assert_array_equal(neurons_and_layers.good(t, d), coffee.is_good_roast(t, d))
    np.testing.assert_array_equal(bias_and_variance_in_networks.CENTRES, six_blobs.CENTERS)
    assert bias_and_variance_in_networks.SPREAD == six_blobs.STD


def test_newtons_method_is_scikit_learns_logistic_regression(rng):
    x = rng.normal(size=(80, 1))
    y = (rng.random(80) < expit(2 * x[:, 0] - 1)).astype(float)
    found = neurons_and_layers._newton(np.column_stack([x, np.ones(80)]), y)
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(x, y)
    np.testing.assert_allclose(found, [theirs.coef_[0, 0], theirs.intercept_[0]], rtol=1e-4)


def test_a_penalised_polynomial_is_ridge_regression_on_scaled_powers(rng):
    train = model_choice._points(30, rng)
    x = rng.uniform(0, 1, 10)
    powers = train.x[:, None] ** np.arange(1, 6)
    mean, spread = powers.mean(axis=0), powers.std(axis=0)
    ridge = Ridge(alpha=0.01 * 30, solver="svd").fit((powers - mean) / spread, train.y)
    theirs = ridge.predict((x[:, None] ** np.arange(1, 6) - mean) / spread)
    np.testing.assert_allclose(model_choice.fit(train, 5, 0.01).predict(x), theirs, rtol=1e-8)


def test_train_error_never_rises_with_the_degree_nor_falls_with_the_penalty(rng):
    train = model_choice._points(40, rng)
    by_degree = [model_choice.error(model_choice.fit(train, d), train) for d in range(1, 10)]
    assert (np.diff(by_degree) <= 1e-9).all()
    penalties = (0.0, 1e-4, 1e-2, 1.0)
    by_penalty = [model_choice.error(model_choice.fit(train, 8, p), train) for p in penalties]
    assert (np.diff(by_penalty) >= -1e-9).all()


def test_pictures_move_by_whole_pixels_and_paper_comes_in():
    x = np.arange(64.0).reshape(1, 8, 8) + 1
    moved = data_centric.shifted(x, 1, -1)[0]
    np.testing.assert_array_equal(moved[1:, :-1], x[0, :-1, 1:])
    assert not moved[0].any()
    assert not moved[:, -1].any()
    np.testing.assert_array_equal(data_centric.shifted(x, 0, 0), x)


def test_every_candidate_stays_within_the_baselines_multiplications():
    args = data_centric.Args(n_train=40, n_more=20, n_cross=40)
    train, more, cross = data_centric._digits(args)
    tried = data_centric._candidates(args, train, more)
    budget = args.steps * len(train.y) * tried[0].n_weights
    for candidate in tried:
        steps = data_centric._measure(
            dataclasses.replace(args, seeds=(1,)), candidate, cross, cross, tried[0]
        ).steps
        used = steps * len(candidate.train.y) * candidate.n_weights
        assert used <= budget < used + len(candidate.train.y) * candidate.n_weights


@pytest.mark.parametrize(
    ("train", "cross", "weight_decay", "n", "message"),
    [
        (0.30, 0.31, 0.0, 400, "bias: a larger network"),
        (0.30, 0.40, 0.2, 400, "bias: a weaker penalty"),  # bias is asked for first
        (0.08, 0.15, 0.0, 400, "variance: a penalty"),
        (0.08, 0.15, 0.2, 400, "variance: more examples"),
        (0.08, 0.15, 0.2, 800, "variance, and no more examples are to be had"),
        (0.08, 0.09, 0.0, 400, "no gap is worth work"),
    ],
)
def test_the_loop_asks_for_bias_first_and_then_for_variance(train, cross, weight_decay, n, message):
    lesson = bias_and_variance_in_networks
    errors = lesson.Errors(train=train, cross_validation=cross, new=cross, best=0.078)
    plan = lesson.Plan(hidden=(1,), weight_decay=weight_decay, n_train=n)
    verdict, next_plan = lesson.advise(errors, plan, lesson.Args())
    assert verdict == message
    assert next_plan != plan


def test_where_the_naive_loss_becomes_infinite_is_where_the_lesson_says():
    found = softmax.run(softmax.Args(steps=1)).numbers["naive_loss_infinite_from_gap"]
    label = np.array([1])
    with np.errstate(all="ignore"):
        below = naive_cross_entropy(np.array([[0, 1 - found]], dtype=np.float32), label)
        at = naive_cross_entropy(np.array([[0, -found]], dtype=np.float32), label)
    assert np.isfinite(below)
    assert at == np.inf
    # The smallest number of 32 bits is 2^-149, which half-way rounds to: 150 log 2 = 103.97.
    assert found == np.ceil(150 * np.log(2))
    assert cross_entropy(np.array([[0, -found]], dtype=np.float32), label) == pytest.approx(found)


def test_gradient_descent_leaves_the_valley_above_two_over_the_steepness():
    slopes = np.array([1.0, 40.0])
    below, above = (adam._descent_path(slopes, r / 40, 200) for r in (1.99, 2.01))
    assert abs(below[-1, 1]) < abs(below[0, 1])
    assert abs(above[-1, 1]) > abs(above[0, 1])


def test_the_page_on_adam_opens_where_what_it_is_about_is_ahead():
    lesson = adam.run(adam.Args(digits=60, steps=120, learning_rates=(0.01,)))
    slider, table = lesson.sections[0].figures
    rate, descent, by_adam = table.rows[slider.start]
    assert slider.values[slider.start] == rate
    assert by_adam < descent
    # Each at its best, by the closed form of descent: (1 - rate * slope) to the number of steps.
    slopes, start = np.array([1.0, 40.0]), np.array([-9.0, 2.0])
    lowest = min(
        0.5 * (slopes * (start * (1 - rate * slopes) ** 120) ** 2).sum()
        for rate in adam.Args().valley_learning_rates
    )
    assert lesson.numbers["valley_descent_lowest"] == pytest.approx(lowest)
    assert lesson.numbers["valley_adam_lowest"] < lowest


@pytest.mark.parametrize("z", [-3.0, -0.5, 0.5, 3.0])
def test_leaky_relu_and_its_slope_are_pytorchs(z):
    x = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.leaky_relu(x, 0.01)
    y.backward()
    assert activations.leaky_relu(np.array(z)) == pytest.approx(y.item())
    assert activations.leaky_relu_grad(np.array(z)) == x.grad.item()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_the_gradient_that_is_kept_is_within_what_slopes_and_weights_allow(name):
    args = activations.Args(n_layers=6, n_units=200, n_examples=50)
    kept = activations.kept_gradient(name, args)
    assert kept[0] == 1
    ratios = kept[1:] / kept[:-1]
    # A layer multiplies by the slope, at most 1/4 or 1, and by a matrix whose rows have length 1
    # in the mean (Xavier), or the root of 2 (He), of which ReLU keeps about half the square.
    most = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0}[name]
    assert (ratios < most * 1.15).all()
    if name == "relu":
        assert ratios == pytest.approx(1, abs=0.15)


def test_the_graph_shows_each_step_right_of_its_inputs_and_no_two_in_one_place():
    lesson = computation_graph.run(computation_graph.Args())
    for section in lesson.sections:
        figure = section.figures[0]
        places = {node.name: (node.column, node.row) for node in figure.nodes}
        assert len(set(places.values())) == len(places)
        for one, other in figure.edges:
            assert places[one][0] < places[other][0]
    assert [lesson.numbers[name] for name in ("J", "dJ_da", "dJ_db", "dJ_dc")] == [33, 3, 6, 9]
    assert lesson.numbers["loss_after_20_steps"] < lesson.numbers["loss"]
