"""The gradient check passes right code and catches each planted bug, by the array it is in."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit_courses.from_scratch.gradient_check import (
    check_gradients,
    numerical_gradient,
    relative_difference,
)

KEEP, L2 = 0.7, 0.3


def world(seed):
    """Draw two hidden layers, a batch, and a dropout mask that stays; no unit is near its kink."""
    rng = np.random.default_rng(seed)
    while True:
        shapes = {"w1": (4, 6), "b1": 6, "w2": (6, 6), "b2": 6, "w3": (6, 1), "b3": 1}
        parameters = {name: 0.5 * rng.normal(size=shape) for name, shape in shapes.items()}
        x, y = rng.normal(size=(8, 4)), rng.integers(0, 2, (8, 1)) * 1.0
        mask = (rng.random((8, 6)) < KEEP) / KEEP
        z1, _, z2, _, _ = forward(parameters, x, mask)
        if min(np.abs(z1).min(), np.abs(z2).min()) > 1e-5:
            return parameters, x, y, mask


def forward(p, x, mask):
    z1 = x @ p["w1"] + p["b1"]
    a1 = np.maximum(z1, 0) * mask
    z2 = a1 @ p["w2"] + p["b2"]
    a2 = np.maximum(z2, 0)
    return z1, a1, z2, a2, 1 / (1 + np.exp(-(a2 @ p["w3"] + p["b3"])))


def cost(p, x, y, mask):
    a3 = np.clip(forward(p, x, mask)[-1], 1e-15, 1 - 1e-15)
    weights = sum((p[name] ** 2).sum() for name in ("w1", "w2", "w3"))
    return float(-(y * np.log(a3) + (1 - y) * np.log(1 - a3)).mean() + L2 / 2 * weights / len(x))


def gradients(p, x, y, mask, bug=None):
    """Backpropagate by hand, with one bug if asked for."""
    m = len(x)
    z1, a1, z2, a2, a3 = forward(p, x, mask)
    dz3 = a3 - y if bug == "forgotten 1/m" else (a3 - y) / m
    da2 = dz3 @ p["w3"].T
    slope = np.ones_like(z2) if bug == "ReLU passes all" else z2 > 0
    dz2 = da2 * slope
    back = p["w2"] if bug == "transposed weight" else p["w2"].T
    da1 = dz2 @ back
    dz1 = da1 * (z1 > 0) if bug == "mask not reused" else da1 * mask * (z1 > 0)
    shrink = 0 if bug == "forgotten L2 term" else L2 / m
    return {
        "w1": x.T @ dz1 + shrink * p["w1"],
        "b1": dz1.sum(axis=0),
        "w2": a1.T @ dz2 + shrink * p["w2"],
        "b2": dz2.sum(axis=0),
        "w3": a2.T @ dz3 + shrink * p["w3"],
        "b3": dz3.sum(axis=0),
    }


@settings(max_examples=25)
@given(seed=st.integers(0, 200))
def test_right_code_passes(seed):
    parameters, x, y, mask = world(seed)
    before = {name: array.copy() for name, array in parameters.items()}
    checked = check_gradients(
        lambda p: cost(p, x, y, mask), parameters, gradients(parameters, x, y, mask)
    )
    assert checked.passed, str(checked)
    assert not checked.wrong
    for name in parameters:
        np.testing.assert_array_equal(parameters[name], before[name])


@pytest.mark.parametrize(
    ("bug", "in_arrays"),
    [
        ("forgotten 1/m", {"w1", "b1", "w2", "b2", "w3", "b3"}),
        ("forgotten L2 term", {"w1", "w2", "w3"}),
        ("transposed weight", {"w1", "b1"}),
        ("mask not reused", {"w1", "b1"}),
        ("ReLU passes all", {"w1", "b1", "w2", "b2"}),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_each_planted_bug_is_found_in_the_arrays_it_is_in(bug, in_arrays, seed):
    parameters, x, y, mask = world(seed)
    wrong = gradients(parameters, x, y, mask, bug)
    checked = check_gradients(lambda p: cost(p, x, y, mask), parameters, wrong)
    assert not checked.passed
    assert set(checked.wrong) == in_arrays
    assert checked.wrong[0] in str(checked)


def test_relu_at_zero_is_where_differences_and_the_rule_may_differ():
    # The slope at 0 is 0 by our rule; a two-sided difference sees half of both sides.
    at_zero = {"z": np.zeros(1)}
    checked = check_gradients(
        lambda p: float(np.maximum(p["z"], 0).sum()), at_zero, {"z": np.zeros(1)}
    )
    assert not checked.passed
    assert numerical_gradient(lambda p: float(np.maximum(p["z"], 0).sum()), at_zero)[
        "z"
    ] == pytest.approx(0.5)


@given(x=st.floats(-5, 5), theta=st.floats(-5, 5))
def test_in_one_dimension_a_line_has_its_slope(x, theta):
    slope = numerical_gradient(lambda p: float(x * p["theta"][0]), {"theta": np.array([theta])})
    assert slope["theta"][0] == pytest.approx(x, abs=1e-6)


def test_relative_difference_is_between_nothing_and_one(rng):
    a, b = rng.normal(size=5), rng.normal(size=5)
    assert relative_difference(a, a) == 0
    assert relative_difference(np.zeros(3), np.zeros(3)) == 0
    assert relative_difference(a, -a) == pytest.approx(1)
    assert relative_difference(a, b) == pytest.approx(relative_difference(10 * b, 10 * a))


@pytest.mark.parametrize(
    ("parameters", "given_gradients", "message"),
    [
        ({"w": np.ones(2, np.float32)}, {"w": np.ones(2)}, "w: float32 must be float64"),
        ({"w": np.array([1.0, np.nan])}, {"w": np.ones(2)}, "w[1]: nan is not finite"),
        ({"w": np.ones(2)}, {"b": np.ones(2)}, "gradients: ['b'] must be named ['w']"),
        ({"w": np.ones(2)}, {"w": np.ones(3)}, "w: gradient (3,), parameter (2,)"),
    ],
)
def test_what_cannot_be_checked_is_refused_by_name(parameters, given_gradients, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check_gradients(
            lambda p: float(sum(a.sum() for a in p.values())), parameters, given_gradients
        )


def test_a_cost_that_is_not_finite_is_refused_at_its_place():
    with pytest.raises(ValueError, match=re.escape("w[0]")):
        numerical_gradient(lambda p: float("inf") if p["w"][0] > 1 else 0.0, {"w": np.ones(1)})
