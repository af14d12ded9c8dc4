"""The dense layer and the activations against PyTorch, central differences and plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from foursplit_courses.from_scratch.activations import ACTIVATIONS, sigmoid
from foursplit_courses.from_scratch.dense import dense, dense_backward, dense_by_unit

SIZES = st.tuples(*(st.integers(1, 6) for _ in range(3)))
SEEDS = st.integers(0, 2**32 - 1)
THEIRS = {
    "linear": lambda z: z,
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
STEP = 1e-6


def drawn(sizes, seed):
    batch, n_in, n_out = sizes
    rng = np.random.default_rng(seed)
    return rng.normal(size=(batch, n_in)), rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)


def differences(function, at):
    """Differentiate a function of an array to a number, entry by entry, from both sides."""
    slope = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[place] += STEP
        down[place] -= STEP
        slope[place] = (function(up) - function(down)) / (2 * STEP)
    return slope


def test_worked_by_hand():
    # One example (1, 2); two units: 1*3 + 2*4 + 5 = 16 and 1*(-1) + 2*0 + 1 = 0.
    z = dense(np.array([[1.0, 2.0]]), np.array([[3.0, -1.0], [4.0, 0.0]]), np.array([5.0, 1.0]))
    np.testing.assert_array_equal(z, [[16.0, 0.0]])


@given(SIZES, SEEDS)
def test_one_matrix_product_says_what_the_loops_say(sizes, seed):
    x, w, b = drawn(sizes, seed)
    np.testing.assert_allclose(dense(x, w, b), dense_by_unit(x, w, b), rtol=1e-12, atol=1e-12)


@given(SIZES, SEEDS)
def test_gradients_match_central_differences(sizes, seed):
    x, w, b = drawn(sizes, seed)
    weigh = np.random.default_rng(seed + 1).normal(size=(sizes[0], sizes[2]))
    result = dense_backward(weigh, x, w)
    slopes = [
        differences(lambda v: (weigh * dense(v, w, b)).sum(), x),
        differences(lambda v: (weigh * dense(x, v, b)).sum(), w),
        differences(lambda v: (weigh * dense(x, w, v)).sum(), b),
    ]
    for ours, slope in zip(result, slopes, strict=True):
        np.testing.assert_allclose(ours, slope, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(seed=SEEDS)
def test_activations_and_slopes_are_those_of_pytorch(name, seed):
    z = np.random.default_rng(seed).normal(0, 5, size=(4, 3))
    theirs = torch.from_numpy(z).requires_grad_()
    answer = THEIRS[name](theirs)
    answer.sum().backward()
    np.testing.assert_allclose(ACTIVATIONS[name].value(z), answer.detach(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(ACTIVATIONS[name].derivative(z), theirs.grad, rtol=1e-9, atol=1e-15)


def test_the_sigmoid_overflows_where_it_is_written_naively_and_not_here():
    z = np.array([[-1000.0, 0.0, 1000.0]])
    with pytest.warns(RuntimeWarning, match="overflow"):
        1 / (1 + np.exp(-z))
    np.testing.assert_array_equal(sigmoid(z), [[0.0, 0.5, 1.0]])
