"""The pages of MLS course 1 hold the course's printed figures, and show what their texts claim."""

import numpy as np
import pytest
import yaml
from tests.conftest import PROJECT

from foursplit import plugins
from foursplit.config.load import parse
from foursplit.core.lesson_figures import Slider
from foursplit_courses.from_scratch import features, linear, logistic, synthetic_data
from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.lessons import (
    feature_scaling,
    kinds_of_learning,
    logistic_descent,
    logistic_loss,
    multiple_regression,
    overfitting,
    polynomial_features,
    regularisation,
)

BLOCKS = yaml.safe_load((PROJECT / "params.yaml").read_text())["lessons"]["supervised"]
FILES = {
    file.__name__.rpartition(".")[2]: file
    for file in (
        feature_scaling,
        kinds_of_learning,
        logistic_descent,
        logistic_loss,
        multiple_regression,
        overfitting,
        polynomial_features,
        regularisation,
    )
}


@pytest.fixture(scope="module")
def pages():
    """Work the pages through as params.yaml says."""
    return {
        key: file.run(parse(file.Args, BLOCKS[key].get("args", {}), key))
        for key, file in FILES.items()
    }


def printed(value, digits):
    return float(f"{value:.{digits}f}")


def test_the_three_houses_go_down_as_the_course_prints(pages):
    numbers = pages["multiple_regression"].numbers
    # Printed at iterations 0 and 900, each after its step.
    assert printed(numbers["cost_after_1"], 2) == 2529.46
    assert printed(numbers["cost_after_901"], 2) == 687.69
    # What is left are rounding errors of prices of hundreds: eight digits are all that it has.
    assert numbers["cost_published_parameters"] == pytest.approx(1.5578904880036537e-12, rel=1e-7)
    # The course prints eight decimals of the least-norm solution, here by the pseudo-inverse.
    x, y = multiple_regression.X, multiple_regression.Y
    weights = np.linalg.pinv(x - x.mean(axis=0)) @ (y - y.mean())
    np.testing.assert_allclose(multiple_regression.PUBLISHED.w, weights, rtol=0, atol=5.1e-9)
    apart = np.abs(multiple_regression.PUBLISHED.w - weights).max()
    assert numbers["published_parameters_differ_by"] == pytest.approx(apart, rel=1e-3)


def test_the_powers_end_where_the_course_prints(pages):
    numbers = pages["polynomial_features"].numbers
    assert [printed(numbers[f"raw_weight_{i}"], 2) for i in (1, 2, 3)] == [0.08, 0.54, 0.03]
    assert printed(numbers["raw_bias"], 4) == 0.0106
    assert printed(numbers["raw_cost_after_9001"], 4) == 92.6132


def test_scaled_powers_go_down_as_the_course_prints():
    powers = features.power_features(polynomial_features.X, 3)
    x = features.fit_scaler(powers).transform(powers)
    cost = linear.gradient_descent(
        x, polynomial_features.PARABOLA, learning_rate=0.1, n_steps=10_001
    ).cost
    assert printed(cost[1], 2) == 9421.47
    assert printed(cost[10_001], 6) == 0.390938


def test_two_settings_cost_what_the_course_prints(pages):
    numbers = pages["logistic_loss"].numbers
    assert numbers["cost_minus_3"] == pytest.approx(0.36686678640551745, rel=1e-14)
    assert numbers["cost_minus_4"] == pytest.approx(0.5036808636748461, rel=1e-14)


def test_six_points_go_down_as_the_course_prints(pages):
    numbers = pages["logistic_descent"].numbers
    assert printed(numbers["cost_after_1"], 6) == 0.684610
    assert printed(numbers["cost_after_9001"], 6) == 0.019030


def test_raw_inputs_forbid_a_rate_that_scaled_ones_allow_and_ways_to_fit_agree(pages):
    numbers = pages["feature_scaling"].numbers
    assert numbers["largest_rate_raw"] < 1e-5 < 0.1 < numbers["largest_rate_scaled"]
    assert numbers["condition_raw"] > 1e6 > 100 > numbers["condition_scaled"]
    assert numbers["cost_raw"] > 1.3 * numbers["cost_minimum"]
    assert numbers["cost_scaled"] == pytest.approx(numbers["cost_minimum"], rel=1e-12)
    assert numbers["gap_descent_below"] < 1e-8
    assert numbers["gap_scikit_learn_below"] < 1e-8
    assert 1e-3 < numbers["gap_scikit_learn_sgd"] < 2  # of some hundreds: not the same, but close


def test_a_far_example_moves_the_line_past_a_bad_one_and_leaves_the_logistic_threshold(pages):
    numbers = pages["logistic_loss"].numbers
    assert numbers["threshold_line_before"] < 2.5 < numbers["threshold_line_after"]
    assert (numbers["wrong_line"], numbers["wrong_logistic"]) == (1, 0)
    assert 1.5 < numbers["threshold_logistic_after"] < 2.5


def test_squared_error_rises_above_a_chord_and_holds_descent_on_its_plain(pages):
    numbers = pages["logistic_loss"].numbers
    assert numbers["above_chord_squared"] > 0.1
    assert numbers["above_chord_logarithm"] < 1e-12
    assert numbers["weight_after_descent_squared"] == pytest.approx(-8, abs=0.1)
    x = logistic_loss.SIZES[:, None] - logistic_loss.SIZES.mean()
    best = logistic.solve(x, logistic_loss.MIXED)
    assert numbers["weight_after_descent_logarithm"] == pytest.approx(best.w[0], abs=1e-3)


def test_on_classes_that_a_line_parts_weights_grow_with_the_logarithm_of_steps():
    walk = logistic.gradient_descent(*logistic_descent.SIX, learning_rate=0.1, n_steps=20_000)
    length = np.linalg.norm(walk.w, axis=1)
    ten, twenty = length[10_000] - length[5_000], length[20_000] - length[10_000]
    assert twenty == pytest.approx(ten, rel=0.15)  # each doubling adds about the same


def test_scikit_learns_minimum_is_the_same(pages):
    for key in ("twin_gap_below", "students_twin_gap_below"):
        assert pages["logistic_descent"].numbers[key] <= 1e-4
    assert pages["regularisation"].numbers["ridge_gap_below"] <= 1e-6
    assert pages["regularisation"].numbers["chips_gap_below"] <= 1e-4


def test_more_terms_fit_seen_examples_ever_better_and_new_ones_worse_in_the_end(pages):
    numbers = pages["overfitting"].numbers
    assert numbers["train_largest"] < numbers["train_line"] / 10
    assert numbers["test_chosen"] < numbers["test_line"]
    assert numbers["test_chosen"] < numbers["test_largest"] / 2
    assert 1 < numbers["best_degree"] < overfitting.DEGREES[-1]
    assert numbers["chips_test_error_chosen"] < numbers["chips_test_error_largest"]


def test_cost_on_seen_examples_never_rises_with_the_degree_nor_falls_with_lambda():
    seen = synthetic_data.make_noisy_wave(12, 0.4, np.random.default_rng(5))
    by_degree = []
    for degree in overfitting.DEGREES:
        powers = features.polynomial_features(seen.x, degree)
        x = features.fit_scaler(powers).transform(powers)
        by_degree.append(linear.cost(x, seen.y, linear.normal_equation(x, seen.y)))
    assert (np.diff(by_degree) <= 1e-10).all()
    fits = [linear.normal_equation(x, seen.y, penalty) for penalty in regularisation.PENALTIES]
    assert (np.diff([linear.cost(x, seen.y, at) for at in fits]) >= -1e-10).all()
    assert (np.diff([np.linalg.norm(at.w) for at in fits]) <= 1e-10).all()


def test_a_middling_lambda_beats_both_ends(pages):
    numbers = pages["regularisation"].numbers
    assert numbers["test_chosen"] < 0.6 * numbers["test_smallest"]
    assert numbers["test_chosen"] < 0.6 * numbers["test_largest"]
    assert numbers["chips_test_cost_chosen"] < 0.6 * numbers["chips_test_cost_smallest"]
    assert numbers["chips_test_cost_chosen"] < 0.9 * numbers["chips_test_cost_largest"]


def test_the_two_costs_of_degree_ten_lie_within_what_draws_of_twelve_give(pages):
    numbers = pages["overfitting"].numbers
    noise = np.random.default_rng(11)
    costs = []
    for _ in range(300):
        x = noise.permutation(np.linspace(-1, 1, 400))[:12]
        y = np.sin(1.5 * np.pi * x) + noise.normal(0, 0.4, 12)
        polynomial = np.polynomial.Polynomial.fit(x, y, 10, domain=[-1, 1])
        new = np.linspace(-1, 1, 500)
        error = polynomial(new) - np.sin(1.5 * np.pi * new) + noise.normal(0, 0.4, 500)
        costs.append((error**2).mean() / 2)
    ratio = numbers["test_largest_half_of_draws"] / np.median(costs)
    assert abs(np.log10(ratio)) < 1  # costs of single draws differ by factors of ten millions
    assert numbers["test_largest_tenth_of_draws"] < numbers["test_largest_half_of_draws"]
    assert numbers["test_largest"] < numbers["test_largest_half_of_draws"]  # evenly spread


def test_told_answers_beat_the_mean_and_a_guess_and_groups_agree_beyond_chance(pages):
    numbers = pages["kinds_of_learning"].numbers
    assert numbers["width_error"] < numbers["width_error_mean"] / 2
    assert numbers["class_error"] < numbers["class_error_guess"] / 3
    assert 0.5 < numbers["rand"] < 1


@pytest.mark.parametrize("key", FILES)
def test_a_page_is_the_same_each_time_and_its_sliders_move_something(pages, key):
    file = FILES[key]
    again = file.run(parse(file.Args, BLOCKS[key].get("args", {}), key))
    assert again.as_json() == pages[key].as_json()
    assert all(np.isfinite(value) for value in again.numbers.values())
    for section in again.sections:
        for figure in section.figures:
            if isinstance(figure, Slider):
                assert len({str(shown) for shown in figure.figures}) == len(figure.values)


@pytest.mark.parametrize(
    ("file", "wrong", "message"),
    [
        ("multiple_regression", {"learning_rate": 0.0}, "learning_rate: 0.0"),
        ("feature_scaling", {"n_houses": 3}, "n_houses: 3"),
        ("polynomial_features", {"n_steps": 0}, "n_steps: 0"),
        ("logistic_loss", {"far_size": 1.0}, "far_size: 1.0"),
        ("logistic_descent", {"learning_rate_raw": -1.0}, "learning_rate_raw: -1.0"),
        ("overfitting", {"n_examples": 5}, "n_examples: 5"),
        ("regularisation", {"chip_degree": 0}, "chip_degree: 0"),
        ("kinds_of_learning", {"n_train": 150}, "n_train: 150"),
    ],
)
def test_an_impossible_argument_is_refused(file, wrong, message):
    with pytest.raises(ValueError, match=message):
        plugins.lesson(file).Args(**wrong)


def test_the_invented_tables_follow_their_rules():
    rng = np.random.default_rng(3)
    houses = synthetic_data.make_houses(4000, rng)
    found = linear.normal_equation(*houses)
    np.testing.assert_allclose(found.w, synthetic_data.TRUE_PRICE_PARAMETERS.w, rtol=0.2)
    spread = houses.y - linear.predict(houses.x, synthetic_data.TRUE_PRICE_PARAMETERS)
    assert spread.std() == pytest.approx(synthetic_data.PRICE_NOISE, rel=0.05)
    students = synthetic_data.make_admissions(4000, rng)
    boundary = logistic.solve((students.x - 65) / 20, students.y)
    # By the rule the score is (x1 + x2 - 125) / 7, that is 20/7 a unit and (130 - 125)/7 at 65.
    np.testing.assert_allclose(boundary.w, 20 / 7, rtol=0.1)
    assert boundary.b == pytest.approx(5 / 7, abs=0.2)
    waves = synthetic_data.make_noisy_wave(2000, 0.3, rng)
    assert (waves.y - synthetic_data.sine_wave(waves.x[:, 0])).std() == pytest.approx(0.3, rel=0.1)
    parts = synthetic_data.make_microchips(4000, rng)
    centre = np.hypot(parts.x[:, 0], parts.x[:, 1] - 0.2) < 0.3
    assert parts.y[centre].mean() > 0.9 > 0.1 > parts.y[np.abs(parts.x).min(axis=1) > 0.9].mean()


def test_a_step_with_a_penalty_shrinks_weights_and_then_steps_without():
    houses = synthetic_data.make_houses(30, np.random.default_rng(1))
    scale = features.fit_scaler(houses.x)
    x, start = scale.transform(houses.x), Parameters(np.array([3.0, -1, 2, 5]), 4.0)
    rate, penalty = 0.1, 6.0
    step = linear.gradient_descent(
        x, houses.y, start, learning_rate=rate, n_steps=1, l2=penalty
    ).final
    plain = linear.gradient(x, houses.y, start)
    shrunk = start.w * (1 - rate * penalty / len(x))
    np.testing.assert_allclose(step.w, shrunk - rate * plain.w, rtol=1e-12)
    assert step.b == pytest.approx(start.b - rate * plain.b)
