"""Max and average pooling over one, two or three axes, forward and backward, in NumPy.

Source: Ng, DLS C4 W1 (pooling layers and their backward pass).
"""

import numpy as np

from foursplit_courses.from_scratch.convolution import (
    Geometry,
    Images,
    PerAxis,
    Sizes,
    add_windows,
    per_axis,
    sliding_windows,
)


def max_pool(
    x: Images, size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0
) -> Images:
    """Return the largest number of each window; the stride is `size` where it is not given."""
    kernel, geometry = _moves(x, size, stride, padding)
    windows = sliding_windows(x, kernel, geometry, -np.inf)
    return np.asarray(windows.max(axis=tuple(range(2, 2 + len(kernel)))))


def max_pool_backward(
    dy: Images, x: Images, size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0
) -> Images:
    """Send each gradient to its window's largest number: of equal ones the first, as PyTorch.

    The course's mask marks all of them, which counts the gradient more than once.
    """
    kernel, geometry = _moves(x, size, stride, padding)
    windows = sliding_windows(x, kernel, geometry, -np.inf)
    flat = windows.reshape(*x.shape[:2], int(np.prod(kernel)), -1)
    columns = np.zeros(flat.shape, dtype=dy.dtype)
    gradient = dy.reshape(*x.shape[:2], 1, -1)
    np.put_along_axis(columns, flat.argmax(axis=2, keepdims=True), gradient, axis=2)
    return add_windows(columns.reshape(windows.shape), x.shape[2:], geometry)


def average_pool(
    x: Images, size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0
) -> Images:
    """Return the mean of each window, its zeros of padding among them."""
    kernel, geometry = _moves(x, size, stride, padding)
    windows = sliding_windows(x, kernel, geometry)
    return np.asarray(windows.mean(axis=tuple(range(2, 2 + len(kernel)))))


def average_pool_backward(
    dy: Images, x: Images, size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0
) -> Images:
    """Give every number of a window the same share of its gradient."""
    kernel, geometry = _moves(x, size, stride, padding)
    share = dy.reshape(*dy.shape[:2], *(1,) * len(kernel), *dy.shape[2:]) / np.prod(kernel)
    columns = np.broadcast_to(share, (*dy.shape[:2], *kernel, *dy.shape[2:]))
    return add_windows(columns, x.shape[2:], geometry)


def _moves(
    x: Images, size: PerAxis, stride: PerAxis | None, padding: PerAxis
) -> tuple[Sizes, Geometry]:
    """Return the window and how it moves; raise ValueError for padding over half a window.

    A window of nothing but padding has no largest number.
    """
    kernel = per_axis(size, x.ndim - 2)
    widths = per_axis(padding, x.ndim - 2)
    if any(2 * p > f for p, f in zip(widths, kernel, strict=True)):
        raise ValueError(f"padding: {padding} must be at most half of the window {size}")
    return kernel, Geometry(stride=kernel if stride is None else stride, padding=padding)
