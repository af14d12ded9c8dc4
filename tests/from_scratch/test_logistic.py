"""Logistic regression from first principles against torch, SciPy and scikit-learn."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from tests.from_scratch.central import differences

from foursplit_courses.from_scratch import logistic
from foursplit_courses.from_scratch.gradient_descent import Parameters

SEED = st.integers(0, 2**32 - 1)
PENALTY = st.sampled_from([0.0, 0.3, 20.0])


def drawn(seed, n=60, n_inputs=3):
    """Draw examples whose classes overlap, so that there is a minimum without a penalty too."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_inputs))
    right = Parameters(rng.normal(size=n_inputs) / 2, float(rng.normal() / 2))
    y = (rng.random(n) < expit(x @ right.w + right.b)).astype(float)
    return x, y, Parameters(rng.normal(size=n_inputs), float(rng.normal()))


@given(SEED, PENALTY)
def test_the_gradient_is_the_slope_of_the_cost(seed, l2):
    x, y, at = drawn(seed)
    slope = np.append(*logistic.gradient(x, y, at, l2))
    result = differences(lambda place: logistic.cost(x, y, place, l2), at)
    np.testing.assert_allclose(slope, result, rtol=1e-6, atol=1e-8)


@given(SEED, PENALTY)
def test_cost_and_gradient_are_torchs(seed, l2):
    x, y, at = drawn(seed)
    w = torch.tensor(at.w, requires_grad=True)
    b = torch.tensor(at.b, dtype=torch.float64, requires_grad=True)
    z, labels = torch.from_numpy(x) @ w + b, torch.from_numpy(y)
    cost = torch.nn.functional.binary_cross_entropy_with_logits(z, labels)
    cost = cost + l2 / (2 * len(y)) * (w**2).sum()
    cost.backward()
    assert logistic.cost(x, y, at, l2) == pytest.approx(cost.item(), rel=1e-12)
    slope = logistic.gradient(x, y, at, l2)
    np.testing.assert_allclose(slope.w, w.grad, rtol=1e-10, atol=1e-12)
    assert slope.b == pytest.approx(b.grad.item(), rel=1e-10, abs=1e-12)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_the_sigmoid_is_scipys_and_its_halves_mirror(z):
    z = np.array(z)
    np.testing.assert_allclose(logistic.sigmoid(z), expit(z), rtol=1e-12, atol=0)
    np.testing.assert_allclose(logistic.sigmoid(z) + logistic.sigmoid(-z), 1, rtol=1e-12)


def test_the_plain_formula_overflows_where_ours_does_not():
    z, y = np.array([-1000.0, 1000.0]), np.array([1.0, 0.0])
    with pytest.raises(FloatingPointError), np.errstate(over="raise"):
        1 / (1 + np.exp(-z))
    with pytest.raises(FloatingPointError), np.errstate(divide="raise"):
        np.log(1 - expit(z[1]))
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert logistic.sigmoid(z).tolist() == [0, 1]
        assert logistic.loss(z, y).tolist() == [1000, 1000]


@given(SEED, PENALTY)
def test_the_hessian_is_the_gradients_slope_and_the_cost_is_convex(seed, l2):
    x, y, at = drawn(seed)
    curvature = logistic.hessian(x, at, l2)
    rows = [
        differences(lambda p, i=i: np.append(*logistic.gradient(x, y, p, l2))[i], at)
        for i in range(4)
    ]
    np.testing.assert_allclose(curvature, rows, rtol=1e-5, atol=1e-8)
    assert np.linalg.eigvalsh(curvature)[0] >= -1e-12


@given(SEED, SEED)
def test_no_segment_of_the_log_cost_lies_above_its_chord(seed, other):
    x, y, here = drawn(seed)
    there = drawn(other)[2]
    between = Parameters((here.w + there.w) / 2, (here.b + there.b) / 2)
    chord = (logistic.cost(x, y, here) + logistic.cost(x, y, there)) / 2
    assert logistic.cost(x, y, between) <= chord + 1e-12


@given(SEED)
def test_the_squared_gradient_is_the_slope_of_the_squared_cost(seed):
    x, y, at = drawn(seed)
    slope = np.append(*logistic.squared_gradient(x, y, at))
    result = differences(lambda place: logistic.squared_cost(x, y, place), at)
    np.testing.assert_allclose(slope, result, rtol=1e-6, atol=1e-9)


def test_a_segment_of_the_squared_cost_lies_above_its_chord():
    # One example at x = 1 with y = 1: (f - 1)^2 / 2 is nearly flat, 1/2, for w far below 0.
    x, y = np.array([[1.0]]), np.array([1.0])
    heights = [
        logistic.squared_cost(x, y, Parameters(np.array([w]), 0.0)) for w in (-8.0, -4.0, 0.0)
    ]
    assert heights[1] > (heights[0] + heights[2]) / 2 + 0.1
    far = [logistic.cost(x, y, Parameters(np.array([w]), 0.0)) for w in (-8.0, -4.0, 0.0)]
    assert far[1] < (far[0] + far[2]) / 2


@settings(max_examples=30, deadline=None)
@given(SEED, st.sampled_from([0.01, 1.0, 30.0]))
def test_the_minimum_is_scikit_learns(seed, l2):
    x, y, _ = drawn(seed)
    if len(set(y)) < 2:
        return  # scikit-learn refuses a single class
    ours = logistic.solve(x, y, l2)
    theirs = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=10_000).fit(x, y)
    np.testing.assert_allclose(ours.w, theirs.coef_[0], atol=1e-4)
    assert ours.b == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_without_a_penalty_too_the_minimum_is_scikit_learns_and_descent_reaches_it():
    x, y, _ = drawn(7, n=200)
    ours = logistic.solve(x, y)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(x, y)
    np.testing.assert_allclose(ours.w, theirs.coef_[0], atol=1e-4)
    final = logistic.gradient_descent(x, y, learning_rate=1.0, n_steps=2000).final
    np.testing.assert_allclose(np.append(*final), np.append(*ours), atol=1e-6)


def test_classes_that_a_line_parts_have_no_minimum_without_a_penalty():
    x, y = np.array([[-1.0], [1.0]]), np.array([0.0, 1.0])
    with pytest.raises(ValueError, match="set l2 above 0"):
        logistic.solve(x, y, max_iter=15)
    # With one, w = 2 (1 - sigmoid(w)) / penalty by hand: the gradient at 0.
    w = logistic.solve(x, y, 0.5).w[0]
    assert w == pytest.approx(2 * (1 - expit(w)) / 0.5)


def test_a_larger_penalty_never_gives_larger_weights():
    x, y, _ = drawn(5)
    sizes = [np.linalg.norm(logistic.solve(x, y, p).w) for p in (0.0, 0.1, 1.0, 10.0, 100.0)]
    assert sizes == sorted(sizes, reverse=True)


def test_error_rate_counts_the_wrong_side_of_zero():
    x, parameters = np.array([[-2.0], [-1.0], [1.0], [3.0]]), Parameters(np.array([1.0]), 0.0)
    assert logistic.error_rate(x, np.array([0.0, 1, 1, 1]), parameters) == 0.25
    assert logistic.error_rate(x, np.array([0.0, 0, 1, 1]), parameters) == 0.0
