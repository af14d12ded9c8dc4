"""Convolution over one, two or three axes, forward and backward, and transposed, in NumPy.

Axes: `batch` examples, `channel`s, then the axes over which a kernel moves. As in the course and in
PyTorch the kernel is not mirrored: what is called convolution is a cross-correlation. All windows
of an input are the columns of one matrix, so that forward and backward are matrix products.

Source: Ng, DLS C4 W1 (padding, stride, volumes, backward pass) and W3 (transposed convolution);
Dumoulin and Visin (2016), A guide to convolution arithmetic for deep learning.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Images = Float[np.ndarray, "batch channel *size"]
Kernels = Float[np.ndarray, "n_out n_in_of_group *kernel"]
Biases = Float[np.ndarray, " n_out"]
Columns = Float[np.ndarray, "batch channel *kernel_and_position"]

Sizes = tuple[int, ...]
PerAxis = int | Sizes
"""One number for all axes, or one for each."""


CACHED_BYTES = 2**22
"""Bytes of the windows that are multiplied at once: a batch's windows would leave the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """How a kernel moves: its step, zeros around the input, gaps in the kernel, channel groups."""

    stride: PerAxis = 1
    padding: PerAxis = 0
    dilation: PerAxis = 1
    groups: int = 1

    def __post_init__(self) -> None:
        for name, minimum in (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1)):
            value = getattr(self, name)
            if np.min(value) < minimum:
                raise ValueError(f"{name}: {value} must be at least {minimum}")


class ConvolutionGrads(NamedTuple):
    """Gradients of the cost; each has the shape of its variable."""

    x: Images
    w: Kernels
    b: Biases


def per_axis(value: PerAxis, n_axes: int) -> Sizes:
    """Return one number for each axis; raise ValueError for another count of them."""
    values = (value,) * n_axes if isinstance(value, int) else tuple(value)
    if len(values) != n_axes:
        raise ValueError(f"{value} has {len(values)} numbers, and the input {n_axes} axes")
    return values


def output_size(size: Sizes, kernel: Sizes, geometry: Geometry) -> Sizes:
    """Return floor((n + 2 p - d (f - 1) - 1) / s) + 1 of each axis.

    Raises ValueError where the kernel is larger than the padded input.
    """
    numbers = [
        per_axis(value, len(size))
        for value in (geometry.stride, geometry.padding, geometry.dilation)
    ]
    result = tuple(
        (n + 2 * p - d * (f - 1) - 1) // s + 1
        for n, f, s, p, d in zip(size, kernel, *numbers, strict=True)
    )
    if min(result) < 1:
        raise ValueError(
            f"kernel {kernel} with dilation {geometry.dilation} is larger than the input {size} "
            f"with padding {geometry.padding}"
        )
    return result


def zero_pad(x: Images, padding: PerAxis, value: float = 0.0) -> Images:
    """Add `padding` zeros (or `value`) before and after each axis but batch and channel."""
    widths = per_axis(padding, x.ndim - 2)
    if not any(widths):
        return x
    return np.pad(x, [(0, 0), (0, 0), *((p, p) for p in widths)], constant_values=value)


def sliding_windows(
    x: Images, kernel: Sizes, geometry: Geometry, pad_value: float = 0.0
) -> Columns:
    """Return every window as a view (batch, channel, *kernel, *position); nothing is copied."""
    n = x.ndim - 2
    output_size(x.shape[2:], kernel, geometry)  # raises ValueError
    stride, dilation = per_axis(geometry.stride, n), per_axis(geometry.dilation, n)
    extent = tuple(d * (f - 1) + 1 for d, f in zip(dilation, kernel, strict=True))
    padded = zero_pad(x, geometry.padding, pad_value)
    windows = np.lib.stride_tricks.sliding_window_view(padded, extent, axis=tuple(range(2, n + 2)))
    steps = (slice(None, None, step) for step in (*stride, *dilation))
    windows = windows[(slice(None), slice(None), *steps)]  # (batch, channel, *position, *kernel)
    return windows.transpose(0, 1, *range(n + 2, 2 * n + 2), *range(2, n + 2))


def add_windows(columns: Columns, size: Sizes, geometry: Geometry) -> Images:
    """Add up windows (batch, channel, *kernel, *position) where they came from.

    The adjoint of `sliding_windows`: pixels in several windows are sums, padding is left out.
    """
    n = len(size)
    kernel, position = columns.shape[2 : n + 2], columns.shape[n + 2 :]
    stride, padding, dilation = (
        per_axis(value, n) for value in (geometry.stride, geometry.padding, geometry.dilation)
    )
    padded = [m + 2 * p for m, p in zip(size, padding, strict=True)]
    total = np.zeros((*columns.shape[:2], *padded), dtype=columns.dtype)
    for offset in product(*map(range, kernel)):
        starts = [i * d for i, d in zip(offset, dilation, strict=True)]
        places = tuple(
            slice(start, start + s * (m - 1) + 1, s)
            for start, s, m in zip(starts, stride, position, strict=True)
        )
        to: tuple[slice, ...] = (slice(None), slice(None), *places)
        of: tuple[slice | int, ...] = (slice(None), slice(None), *offset)
        total[to] += columns[of]
    inner = (slice(p, p + m) for p, m in zip(padding, size, strict=True))
    return total[(slice(None), slice(None), *inner)]


def convolve(x: Images, w: Kernels, b: Biases, geometry: Geometry | None = None) -> Images:
    """Compute the weighted sum of each window: (batch, n_out, *position)."""
    geometry = geometry or Geometry()
    _check_channels(x.shape[1], w, geometry)
    position = output_size(x.shape[2:], w.shape[2:], geometry)
    kernels = _grouped(w, geometry)  # (group, n_out / groups, channel of the group and kernel)
    y = np.empty((len(x), *kernels.shape[:2], math.prod(position)), np.result_type(x, w))
    for part in _parts(y, w):
        np.matmul(kernels, _columns(x[part], w, geometry), out=y[part])
    y = y.reshape(len(x), len(w), *position)
    y += b.reshape(-1, *(1,) * len(position))
    return y


def convolve_backward(
    dy: Images, x: Images, w: Kernels, geometry: Geometry | None = None
) -> ConvolutionGrads:
    """Compute the gradients of inputs, kernels and biases from `dy`, that of the outputs."""
    geometry = geometry or Geometry()
    rows = dy.reshape(len(x), geometry.groups, len(w) // geometry.groups, -1)
    dw = np.zeros(_grouped(w, geometry).shape, rows.dtype)
    for part in _parts(rows, w):
        dw += (rows[part] @ _columns(x[part], w, geometry).swapaxes(2, 3)).sum(axis=0)
    return ConvolutionGrads(
        x=_input_gradient(dy, w, x.shape[2:], geometry),
        w=dw.reshape(w.shape),
        b=dy.sum(axis=(0, *range(2, dy.ndim))),
    )


def convolve_transposed(
    x: Images, w: Kernels, b: Biases, geometry: Geometry | None = None, extra: PerAxis = 0
) -> Images:
    """Spread each input over a window: the map by which `convolve` sends back gradients.

    `w` is (n_in, n_out / groups, *kernel); the outputs are (n - 1) s - 2 p + d (f - 1) + 1 along an
    axis, and `extra` more at its end, as PyTorch's `output_padding`.
    """
    geometry = geometry or Geometry()
    size = transposed_size(x.shape[2:], w.shape[2:], geometry, extra)
    return _input_gradient(x, w, size, geometry) + b.reshape(-1, *(1,) * len(size))


def transposed_size(size: Sizes, kernel: Sizes, geometry: Geometry, extra: PerAxis = 0) -> Sizes:
    """Return the size that `convolve` would reduce to `size`.

    Raises ValueError unless `extra` is from 0 to below the stride.
    """
    stride, padding, dilation, more = (
        per_axis(value, len(size))
        for value in (geometry.stride, geometry.padding, geometry.dilation, extra)
    )
    if any(not 0 <= e < s for e, s in zip(more, stride, strict=True)):
        raise ValueError(f"extra: {extra} must be from 0 to below the stride {geometry.stride}")
    return tuple(
        (n - 1) * s - 2 * p + d * (f - 1) + 1 + e
        for n, f, s, p, d, e in zip(size, kernel, stride, padding, dilation, more, strict=True)
    )


def convolve_transposed_backward(
    dy: Images, x: Images, w: Kernels, geometry: Geometry | None = None
) -> ConvolutionGrads:
    """Compute the gradients of the transposed convolution: a convolution of `dy`."""
    geometry = geometry or Geometry()
    zeros = np.zeros(len(w), dtype=dy.dtype)
    dw = convolve_backward(x, dy, w, geometry).w  # inputs and outputs have changed places
    return ConvolutionGrads(
        x=convolve(dy, w, zeros, geometry), w=dw, b=dy.sum(axis=(0, *range(2, dy.ndim)))
    )


def convolve_by_loops(x: Images, w: Kernels, b: Biases) -> Images:
    """Compute `convolve` of pictures, stride 1, no padding, with explicit loops, as by hand."""
    height, width = output_size(x.shape[2:], w.shape[2:], Geometry())
    y = np.zeros((len(x), len(w), height, width), dtype=x.dtype)
    for example, out, row, column in product(*map(range, y.shape)):
        total = b[out]
        for channel, i, j in product(*map(range, w.shape[1:])):
            total = total + x[example, channel, row + i, column + j] * w[out, channel, i, j]
        y[example, out, row, column] = total
    return y


def _columns(x: Images, w: Kernels, geometry: Geometry) -> np.ndarray:
    """Copy the windows into (batch, group, channel of the group and kernel, position)."""
    windows = sliding_windows(x, w.shape[2:], geometry)
    return windows.reshape(len(x), geometry.groups, w[0].size, -1)


def _grouped(w: Kernels, geometry: Geometry) -> np.ndarray:
    return w.reshape(geometry.groups, len(w) // geometry.groups, -1)


def _input_gradient(dy: Images, w: Kernels, size: Sizes, geometry: Geometry) -> Images:
    """Send each output's gradient back through its window's weights."""
    if dy.shape[1] != len(w) or len(w) % geometry.groups:
        raise ValueError(
            f"w: {len(w)} kernels do not fit {dy.shape[1]} channels in {geometry.groups} groups"
        )
    n_channels = geometry.groups * w.shape[1]
    if len(w) <= n_channels and (mirrored := _mirrored_geometry(w, geometry)):
        zeros = np.zeros(n_channels, dtype=w.dtype)
        return convolve(dy, _mirrored(w, geometry), zeros, mirrored)
    rows = dy.reshape(len(dy), geometry.groups, len(w) // geometry.groups, -1)
    kernels = _grouped(w, geometry).swapaxes(1, 2)
    dx = np.empty((len(dy), n_channels, *size), np.result_type(dy, w))
    for part in _parts(rows, w):
        columns = (kernels @ rows[part]).reshape(-1, n_channels, *w.shape[2:], *dy.shape[2:])
        dx[part] = add_windows(columns, size, geometry)
    return dx


def _mirrored_geometry(w: Kernels, geometry: Geometry) -> Geometry | None:
    """Return how the mirrored kernels move over gradients; None where that is no convolution.

    It is one at stride 1, and faster than adding up windows where there are few outputs.
    """
    n = w.ndim - 2
    padding, dilation = per_axis(geometry.padding, n), per_axis(geometry.dilation, n)
    rest = [d * (f - 1) - p for d, f, p in zip(dilation, w.shape[2:], padding, strict=True)]
    if any(s != 1 for s in per_axis(geometry.stride, n)) or min(rest) < 0:
        return None
    return replace(geometry, padding=tuple(rest))


def _mirrored(w: Kernels, geometry: Geometry) -> Kernels:
    """Mirror kernels along their axes, and exchange inputs and outputs in each group."""
    n_out = len(w) // geometry.groups
    swapped = w.reshape(geometry.groups, n_out, *w.shape[1:]).swapaxes(1, 2)
    kernels = swapped.reshape(-1, n_out, *w.shape[2:])
    return np.flip(kernels, axis=tuple(range(2, w.ndim)))


def _parts(rows: np.ndarray, w: Kernels) -> Iterator[slice]:
    """Divide the batch so that the windows of a part stay in the processor's cache.

    `rows` are (batch, group, n_out / groups, position).
    """
    bytes_each = rows.shape[1] * w[0].size * rows.shape[3] * rows.itemsize
    n = max(1, CACHED_BYTES // bytes_each)
    for start in range(0, len(rows), n):
        yield slice(start, start + n)


def _check_channels(n_channels: int, w: Kernels, geometry: Geometry) -> None:
    """Raise ValueError where kernels and groups do not fit the input."""
    if w.shape[1] * geometry.groups != n_channels or len(w) % geometry.groups:
        raise ValueError(
            f"w: {len(w)} kernels over {w.shape[1]} channels each do not fit an input of "
            f"{n_channels} channels in {geometry.groups} groups"
        )
