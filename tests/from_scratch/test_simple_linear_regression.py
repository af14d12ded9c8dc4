"""A line's cost and gradient, and how far a descent may step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foursplit_courses.from_scratch import simple_linear_regression

VALUE = st.floats(-3, 3)
X = arrays(np.float64, 5, elements=VALUE)
STEP = 1e-4  # of the differences; the cost is quadratic, so that only rounding is left


@given(X, X, VALUE, VALUE)
def test_the_gradient_is_the_costs_slope(x, y, w, b):
    by_w, by_b = simple_linear_regression.gradient(x, y, w, b)
    slope_w = (
        simple_linear_regression.cost(x, y, w + STEP, b)
        - simple_linear_regression.cost(x, y, w - STEP, b)
    ) / (2 * STEP)
    slope_b = (
        simple_linear_regression.cost(x, y, w, b + STEP)
        - simple_linear_regression.cost(x, y, w, b - STEP)
    ) / (2 * STEP)
    assert by_w == pytest.approx(slope_w, abs=1e-8)
    assert by_b == pytest.approx(slope_b, abs=1e-8)


@given(X, X, VALUE, VALUE)
def test_the_curvature_is_the_gradients_slope(x, y, w, b):
    before, after_w = (
        simple_linear_regression.gradient(x, y, w, b),
        simple_linear_regression.gradient(x, y, w + 1, b),
    )
    after_b = simple_linear_regression.gradient(x, y, w, b + 1)
    result = np.array([np.subtract(after_w, before), np.subtract(after_b, before)])
    np.testing.assert_allclose(result, simple_linear_regression.hessian(x), atol=1e-12)


def test_two_houses_by_hand():
    x, y = np.array([1.0, 2.0]), np.array([300.0, 500.0])
    assert simple_linear_regression.cost(x, y, 0, 0) == 85_000  # (300² + 500²) / 4
    assert simple_linear_regression.gradient(x, y, 0, 0) == (
        -650,
        -400,
    )  # -(300 + 2·500)/2 and -(300 + 500)/2
    assert simple_linear_regression.cost(x, y, 200, 100) == 0
    walked = simple_linear_regression.gradient_descent(x, y, 0.01, 1)
    assert (walked.w.tolist(), walked.b.tolist()) == ([0, 6.5], [0, 4])


def test_the_grid_has_the_cost_of_each_pair(rng):
    x, y, w, b = (rng.normal(size=n) for n in (4, 4, 3, 2))
    result = simple_linear_regression.cost_grid(x, y, w, b)
    slow = [[simple_linear_regression.cost(x, y, one, other) for one in w] for other in b]
    np.testing.assert_allclose(result, slow)


def test_descent_ends_at_the_least_squares_line(rng):
    x, y = rng.normal(size=20), rng.normal(size=20)
    walked = simple_linear_regression.gradient_descent(x, y, 0.3, 2000)
    w, b = np.polyfit(x, y, 1)
    assert (walked.w[-1], walked.b[-1]) == pytest.approx((w, b))
    assert (np.diff(walked.cost) <= 1e-15).all()


@given(X.filter(lambda x: np.ptp(x) > 0.5), st.floats(0.5, 1.5).filter(lambda s: abs(s - 1) > 0.02))
def test_below_the_largest_rate_descent_converges_and_above_it_does_not(x, share):
    # Started off the best line along the steepest axis, which alone decides here.
    steepest = np.linalg.eigh(simple_linear_regression.hessian(x))[1][:, -1]
    walked = simple_linear_regression.gradient_descent(
        x, 0 * x, share * simple_linear_regression.max_stable_learning_rate(x), 200, tuple(steepest)
    )
    # Each step multiplies the distance by 1 - 2 share, and the cost by its square.
    expected = walked.cost[0] * (1 - 2 * share) ** (2 * np.arange(201))
    np.testing.assert_allclose(walked.cost, expected, rtol=1e-6, atol=1e-20 * walked.cost[0])
    assert (walked.cost[-1] < walked.cost[0]) == (share < 1)


def test_a_rate_far_too_large_ends_beyond_every_number_without_a_warning():
    walked = simple_linear_regression.gradient_descent(
        np.array([1.0, 2.0]), np.array([3.0, 5.0]), 10.0, 500
    )
    assert not np.isfinite(walked.cost[-1])


def test_converged_is_the_first_step_that_falls_by_little():
    assert simple_linear_regression.convergence_step(np.array([9.0, 4.0, 3.5, 3.4, 3.39]), 0.1) == 4
    assert simple_linear_regression.convergence_step(np.array([9.0, 4.0, 3.5, 3.5, 3.0]), 0.1) == 3
    assert (
        simple_linear_regression.convergence_step(np.array([1.0, 2.0, 4.0]), 0.1) is None
    )  # it rises
