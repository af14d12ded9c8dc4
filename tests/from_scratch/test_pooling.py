"""Pooling against PyTorch, with ties, and by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from foursplit_courses.from_scratch import pooling as ours
from foursplit_courses.from_scratch.gradient_check import check_gradients

KINDS = {
    "max": (ours.max_pool, ours.max_pool_backward, (F.max_pool1d, F.max_pool2d, F.max_pool3d)),
    "average": (
        ours.average_pool,
        ours.average_pool_backward,
        (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d),
    ),
}


@st.composite
def cases(draw):
    """Draw an input of few different numbers, so that some windows have ties."""
    n_axes = draw(st.integers(1, 3))
    size = tuple(draw(st.integers(1, 3)) for _ in range(n_axes))
    stride = draw(st.none() | st.tuples(*(st.integers(1, 3) for _ in range(n_axes))))
    padding = tuple(draw(st.integers(0, f // 2)) for f in size)
    shape = tuple(draw(st.integers(f, 6)) for f in size)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.integers(-2, 3, (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *shape)) * 1.0
    return x, size, stride, padding


@pytest.mark.parametrize("kind", KINDS)
@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_outputs_and_gradients_are_those_of_pytorch(kind, case, seed):
    x, size, stride, padding = case
    forward, backward, theirs = KINDS[kind]
    tensor = torch.from_numpy(x).requires_grad_()
    expected = theirs[x.ndim - 3](tensor, size, stride, padding)
    dy = np.random.default_rng(seed).normal(size=expected.shape)
    expected.backward(torch.from_numpy(dy))
    np.testing.assert_allclose(forward(x, size, stride, padding), expected.detach(), atol=1e-12)
    gradient = backward(dy, x, size, stride, padding)
    np.testing.assert_allclose(gradient, tensor.grad, rtol=1e-10, atol=1e-10)
    # Nothing is lost: the gradient is divided among the inputs (padding takes its share of means).
    if kind == "max" or not any(padding):
        assert gradient.sum() == pytest.approx(dy.sum(), abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_match_central_differences(kind, rng):
    x = rng.permutation(2 * 36).reshape(1, 2, 6, 6) / 10  # no ties: a max has a derivative
    forward, backward, _ = KINDS[kind]
    dy = rng.normal(size=(1, 2, 2, 2))

    def cost(p):
        return float((dy * forward(p["x"], 3, 2)).sum())

    assert check_gradients(cost, {"x": x}, {"x": backward(dy, x, 3, 2)}, width=1e-3).passed


def test_by_hand():
    x = np.array([[[[1.0, 3, 2, 1], [2, 9, 1, 1], [1, 3, 2, 3], [5, 6, 1, 2]]]])
    np.testing.assert_array_equal(ours.max_pool(x, 2)[0, 0], [[9, 2], [6, 3]])
    np.testing.assert_array_equal(ours.average_pool(x, 2)[0, 0], [[3.75, 1.25], [3.75, 2]])


def test_a_mask_of_all_largest_numbers_would_count_a_gradient_twice():
    x, dy = np.zeros((1, 1, 2, 2)), np.ones((1, 1, 1, 1))
    naive = dy * (x == x.max())
    assert naive.sum() == 4
    assert ours.max_pool_backward(dy, x, 2).sum() == 1


def test_padding_over_half_a_window_is_refused():
    with pytest.raises(ValueError, match="padding: 2"):
        ours.max_pool(np.zeros((1, 1, 4, 4)), 3, padding=2)
