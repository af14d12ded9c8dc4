"""The whole Jacobian of softmax against PyTorch, and against the short way to the gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.from_scratch import softmax_jacobian as ours
from foursplit_courses.from_scratch.softmax import cross_entropy_backward, softmax


def drawn(seed, n, n_classes):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 3, (n, n_classes)), rng.integers(0, n_classes, n)


SIZES = {
    "seed": st.integers(0, 2**32 - 1),
    "n": st.integers(1, 5),
    "n_classes": st.integers(1, 6),
}


@given(**SIZES)
def test_the_long_way_ends_where_the_short_one_does(seed, n, n_classes):
    z, y = drawn(seed, n, n_classes)
    long = ours.softmax_backward(ours.cross_entropy_by_probability(softmax(z), y), z)
    np.testing.assert_allclose(long, cross_entropy_backward(z, y), atol=1e-12)


@given(**SIZES)
def test_the_jacobian_is_pytorchs(seed, n, n_classes):
    z, _ = drawn(seed, n, n_classes)
    for row, jacobian in zip(z, ours.softmax_jacobian(z), strict=True):
        theirs = torch.autograd.functional.jacobian(
            lambda t: torch.softmax(t, dim=0), torch.from_numpy(row)
        )
        np.testing.assert_allclose(jacobian, theirs, atol=1e-13)


@given(**SIZES)
def test_rows_and_columns_add_to_zero_and_the_matrix_is_symmetric(seed, n, n_classes):
    jacobians = ours.softmax_jacobian(drawn(seed, n, n_classes)[0])
    np.testing.assert_allclose(jacobians.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(jacobians, jacobians.swapaxes(1, 2), atol=1e-15)


def test_where_a_probability_is_no_number_the_long_way_has_no_gradient_and_the_short_one_has():
    z, y = np.array([[0.0, -800.0]]), np.array([1])  # exp(-800) is 0
    with pytest.warns(RuntimeWarning):
        long = ours.softmax_backward(ours.cross_entropy_by_probability(softmax(z), y), z)
    assert not np.isfinite(long).all()
    np.testing.assert_array_equal(cross_entropy_backward(z, y), [[1, -1]])
