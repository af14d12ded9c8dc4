"""Linear regression from first principles against closed forms, torch and scikit-learn."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge
from tests.from_scratch.central import differences

from foursplit_courses.from_scratch import linear
from foursplit_courses.from_scratch.gradient_descent import Parameters

SEED = st.integers(0, 2**32 - 1)
PENALTY = st.sampled_from([0.0, 0.3, 20.0])


def drawn(seed, n=12, n_inputs=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_inputs)) * rng.uniform(0.1, 5, n_inputs) + rng.normal(size=n_inputs)
    return x, rng.normal(size=n) * 3, Parameters(rng.normal(size=n_inputs), float(rng.normal()))


@given(SEED, PENALTY)
def test_the_gradient_is_the_slope_of_the_cost(seed, l2):
    x, y, at = drawn(seed)
    slope = np.append(*linear.gradient(x, y, at, l2))
    result = differences(lambda place: linear.cost(x, y, place, l2), at)
    np.testing.assert_allclose(slope, result, rtol=1e-6, atol=1e-6)


@given(SEED, PENALTY)
def test_the_gradient_is_torchs(seed, l2):
    x, y, at = drawn(seed)
    w = torch.tensor(at.w, requires_grad=True)
    b = torch.tensor(at.b, dtype=torch.float64, requires_grad=True)
    error = torch.from_numpy(x) @ w + b - torch.from_numpy(y)
    cost = 0.5 * (error**2).mean() + l2 / (2 * len(y)) * (w**2).sum()
    cost.backward()
    assert linear.cost(x, y, at, l2) == pytest.approx(cost.item(), rel=1e-12)
    slope = linear.gradient(x, y, at, l2)
    np.testing.assert_allclose(slope.w, w.grad, rtol=1e-10, atol=1e-10)
    assert slope.b == pytest.approx(b.grad.item(), rel=1e-10, abs=1e-10)


def test_worked_by_hand():
    # Answers 2*1+3*2+1 = 9 and 2*4+3*0+1 = 9 where 8 and 12 are right: errors 1 and -3.
    x, y = np.array([[1.0, 2.0], [4.0, 0.0]]), np.array([8.0, 12.0])
    at = Parameters(np.array([2.0, 3.0]), 1.0)
    assert linear.cost(x, y, at) == (1 + 9) / 4
    # By w1 (1*1 - 3*4)/2, by w2 (1*2 - 3*0)/2, by b (1 - 3)/2; a penalty of 4 adds 4*w/2.
    assert np.append(*linear.gradient(x, y, at)).tolist() == [-5.5, 1, -1]
    assert np.append(*linear.gradient(x, y, at, 4.0)).tolist() == [-1.5, 7, -1]
    assert linear.cost(x, y, at, 4.0) == 2.5 + 4 * 13 / 4


@given(SEED)
def test_the_normal_equation_is_least_squares(seed):
    x, y, _ = drawn(seed)
    at = linear.normal_equation(x, y)
    solved = np.linalg.lstsq(np.column_stack([x, np.ones(len(y))]), y, rcond=None)[0]
    np.testing.assert_allclose(np.append(*at), solved, rtol=1e-8, atol=1e-8)
    theirs = LinearRegression().fit(x, y)
    np.testing.assert_allclose(linear.predict(x, at), theirs.predict(x), rtol=1e-8, atol=1e-8)


@given(SEED, st.sampled_from([0.01, 1.0, 50.0]))
def test_with_a_penalty_it_is_ridge(seed, l2):
    x, y, _ = drawn(seed)
    at, theirs = linear.normal_equation(x, y, l2), Ridge(alpha=l2).fit(x, y)
    np.testing.assert_allclose(at.w, theirs.coef_, rtol=1e-7, atol=1e-9)
    assert at.b == pytest.approx(theirs.intercept_, rel=1e-7, abs=1e-9)


@settings(max_examples=30, deadline=None)  # thousands of steps
@given(SEED, PENALTY)
def test_descent_ends_where_the_solution_is(seed, l2):
    x, y, start = drawn(seed, n=30)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    learning_rate = linear.max_stable_learning_rate(x, l2) / 2
    final = linear.gradient_descent(
        x, y, start, learning_rate=learning_rate, n_steps=3000, l2=l2
    ).final
    solved = linear.normal_equation(x, y, l2)
    np.testing.assert_allclose(np.append(*final), np.append(*solved), atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(SEED, PENALTY)
def test_below_the_largest_rate_the_cost_falls_at_every_step_and_above_it_explodes(seed, l2):
    x, y, start = drawn(seed)
    limit = linear.max_stable_learning_rate(x, l2)
    below = linear.gradient_descent(x, y, start, learning_rate=0.99 * limit, n_steps=50, l2=l2)
    assert (np.diff(below.cost) <= 1e-12 * below.cost[0]).all()
    above = linear.gradient_descent(x, y, start, learning_rate=1.2 * limit, n_steps=300, l2=l2)
    assert above.cost[-1] > 1e6 * above.cost[0]


def test_a_descent_that_leaves_all_numbers_ends_there_without_a_warning():
    x, y, start = drawn(3)
    descent = linear.gradient_descent(
        x, y, start, learning_rate=50 * linear.max_stable_learning_rate(x), n_steps=5000
    )
    assert len(descent.cost) < 5000
    assert np.isfinite(descent.cost).all()
    assert len(descent.cost) == len(descent.w) == len(descent.b)


@given(SEED, PENALTY)
def test_the_hessian_is_the_gradients_slope_and_the_cost_is_convex(seed, l2):
    x, y, at = drawn(seed)
    curvature = linear.hessian(x, l2)
    rows = [
        differences(lambda p, i=i: np.append(*linear.gradient(x, y, p, l2))[i], at, 1e-3)
        for i in range(4)
    ]
    np.testing.assert_allclose(curvature, rows, rtol=1e-6, atol=1e-6)
    assert np.linalg.eigvalsh(curvature)[0] >= -1e-10


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"learning_rate": 0.0, "n_steps": 3}, "learning_rate: 0.0"),
        ({"learning_rate": 0.1, "n_steps": -1}, "n_steps: -1"),
    ],
)
def test_an_impossible_descent_is_refused(wrong, message):
    x, y, _ = drawn(1)
    with pytest.raises(ValueError, match=message):
        linear.gradient_descent(x, y, **wrong)


def test_a_negative_penalty_is_refused():
    x, y, _ = drawn(1)
    with pytest.raises(ValueError, match="l2: -1.0"):
        linear.normal_equation(x, y, -1.0)
