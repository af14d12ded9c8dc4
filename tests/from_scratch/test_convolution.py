"""Convolution against PyTorch, central differences, loops, and the laws of an adjoint map."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from foursplit_courses.from_scratch import convolution as ours
from foursplit_courses.from_scratch.convolution import Geometry
from foursplit_courses.from_scratch.gradient_check import check_gradients

FORWARD = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def cases(draw, transposed=False):
    """Draw inputs, kernels, biases and a geometry that fit each other, over one to three axes."""
    n_axes = draw(st.integers(1, 3))

    def each(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(n_axes))

    groups, batch = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    n_in, n_out = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, dilation, stride, padding = each(1, 3), each(1, 2), each(1, 3), each(0, 2)
    extent = [d * (f - 1) + 1 for d, f in zip(dilation, kernel, strict=True)]
    if transposed:  # a result of one pixel and more
        size = tuple(
            draw(st.integers(max(1, -((e - 2 * p - 1) // s) + 1), 5))
            for e, p, s in zip(extent, padding, stride, strict=True)
        )
    else:
        size = tuple(
            draw(st.integers(max(1, e - 2 * p), 6)) for e, p in zip(extent, padding, strict=True)
        )
    rng = np.random.default_rng(draw(SEEDS))
    x = rng.normal(size=(batch, n_in, *size))
    shape = (n_in, n_out // groups) if transposed else (n_out, n_in // groups)
    w, b = rng.normal(size=(*shape, *kernel)), rng.normal(size=n_out)
    geometry = Geometry(stride=stride, padding=padding, dilation=dilation, groups=groups)
    return x, w, b, geometry


def torch_gradients(function, x, w, b, seed=0):
    """Return PyTorch's outputs, a gradient drawn for them, and the gradients it leads to."""
    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, w, b)]
    y = function(*tensors)
    dy = np.random.default_rng(seed).normal(size=y.shape)
    y.backward(torch.from_numpy(dy))
    return y.detach().numpy(), dy, [t.grad.numpy() for t in tensors]


def numbers(geometry):
    names = ("stride", "padding", "dilation", "groups")
    return {name: getattr(geometry, name) for name in names}


@given(cases())
def test_outputs_and_gradients_are_those_of_pytorch(case):
    x, w, b, geometry = case
    convolve = FORWARD[x.ndim - 2]
    y, dy, grads = torch_gradients(lambda *a: convolve(*a, **numbers(geometry)), x, w, b)
    np.testing.assert_allclose(ours.convolve(x, w, b, geometry), y, **CLOSE)
    for own, theirs in zip(ours.convolve_backward(dy, x, w, geometry), grads, strict=True):
        np.testing.assert_allclose(own, theirs, **CLOSE)


@given(cases(transposed=True), st.data())
def test_transposed_outputs_and_gradients_are_those_of_pytorch(case, data):
    x, w, b, geometry = case
    extra = tuple(data.draw(st.integers(0, s - 1)) for s in geometry.stride)
    spread = TRANSPOSED[x.ndim - 2]
    y, dy, grads = torch_gradients(
        lambda *a: spread(*a, **numbers(geometry), output_padding=extra), x, w, b
    )
    np.testing.assert_allclose(ours.convolve_transposed(x, w, b, geometry, extra), y, **CLOSE)
    own_grads = ours.convolve_transposed_backward(dy, x, w, geometry)
    for own, theirs in zip(own_grads, grads, strict=True):
        np.testing.assert_allclose(own, theirs, **CLOSE)


@settings(max_examples=15)
@given(cases(), SEEDS)
def test_gradients_match_central_differences(case, seed):
    x, w, b, geometry = case
    x, b = x[:1], b
    y = ours.convolve(x, w, b, geometry)
    dy = np.random.default_rng(seed).normal(size=y.shape)

    def cost(p):
        return float((dy * ours.convolve(p["x"], p["w"], p["b"], geometry)).sum())

    grads = ours.convolve_backward(dy, x, w, geometry)
    # The cost is linear in each array: a wide difference is exact but for rounding.
    check = check_gradients(cost, {"x": x, "w": w, "b": b}, grads._asdict(), width=1e-3)
    assert check.passed, str(check)


@given(cases(), SEEDS)
def test_adding_windows_is_the_adjoint_of_taking_them(case, seed):
    x, w, _, geometry = case
    windows = ours.sliding_windows(x, w.shape[2:], geometry)
    columns = np.random.default_rng(seed).normal(size=windows.shape)
    back = ours.add_windows(columns, x.shape[2:], geometry)
    assert (windows * columns).sum() == pytest.approx((x * back).sum(), rel=1e-9, abs=1e-9)


@given(cases())
def test_a_transposed_convolution_has_the_size_that_the_convolution_came_from(case):
    x, w, _, geometry = case
    size = x.shape[2:]
    position = ours.output_size(size, w.shape[2:], geometry)
    least = ours.transposed_size(position, w.shape[2:], geometry)
    lost = [n - m for n, m in zip(size, least, strict=True)]  # pixels that no window reached
    assert all(0 <= n < s for n, s in zip(lost, geometry.stride, strict=True))


def test_loops_say_the_same(rng):
    x, w, b = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
    np.testing.assert_allclose(ours.convolve_by_loops(x, w, b), ours.convolve(x, w, b), **CLOSE)


def test_a_vertical_edge_by_hand():
    # Bright left half, dark right half; the kernel subtracts the right column from the left.
    picture = np.zeros((1, 1, 6, 6))
    picture[..., :3] = 10
    edge = np.array([[1.0, 0, -1]] * 3)[None, None]
    found = ours.convolve(picture, edge, np.zeros(1))
    np.testing.assert_array_equal(found[0, 0], [[0, 30, 30, 0]] * 4)


def test_a_kernel_is_not_mirrored():
    x, w = np.array([[[1.0, 2, 3]]]), np.array([[[1.0, 10]]])
    np.testing.assert_array_equal(ours.convolve(x, w, np.zeros(1)), [[[21, 32]]])


def test_windows_are_views_and_padding_is_zeros(rng):
    x = rng.normal(size=(1, 2, 4, 4))
    assert np.shares_memory(ours.sliding_windows(x, (3, 3), Geometry()), x)
    padded = ours.zero_pad(x, (1, 2))
    assert padded.shape == (1, 2, 6, 8)
    np.testing.assert_array_equal(padded[:, :, 1:-1, 2:-2], x)
    assert (padded != 0).sum() == x.size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_of_numbers_stays(dtype, rng):
    x, w = rng.normal(size=(1, 1, 5)).astype(dtype), rng.normal(size=(1, 1, 3)).astype(dtype)
    y = ours.convolve(x, w, np.zeros(1, dtype))
    assert y.dtype == dtype
    assert {g.dtype for g in ours.convolve_backward(y, x, w)} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ({"stride": 0}, "stride: 0"),
        ({"padding": -1}, "padding: -1"),
        ({"dilation": (1, 0)}, r"dilation: \(1, 0\)"),
        ({"groups": 0}, "groups: 0"),
        ({"stride": (1, 1, 1)}, "3 numbers, and the input 2 axes"),
        ({"groups": 2}, "3 channels in 2 groups"),
        ({"dilation": 4}, "larger than the input"),
    ],
)
def test_an_impossible_geometry_is_refused(geometry, message):
    with pytest.raises(ValueError, match=message):
        ours.convolve(
            np.zeros((1, 3, 5, 5)), np.zeros((2, 3, 3, 3)), np.zeros(2), Geometry(**geometry)
        )


def test_more_than_the_stride_cannot_be_added_to_a_transposed_result():
    with pytest.raises(ValueError, match="extra: 2"):
        ours.transposed_size((3,), (3,), Geometry(stride=2), 2)
