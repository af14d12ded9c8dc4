"""A convolutional network of NumPy alone: the modules that `sequential.Sequential` puts together.

Source: Ng, DLS C4 W1 (convolution, pooling and dense layers as one network).
"""

from collections.abc import Sequence

import numpy as np

from foursplit_courses.from_scratch.convolution import (
    Geometry,
    Images,
    convolve,
    convolve_backward,
)
from foursplit_courses.from_scratch.pooling import max_pool, max_pool_backward
from foursplit_courses.from_scratch.sequential import Activate, Dense, Module, Sequential


class Convolution:
    """Kernels `w` of shape (outputs, inputs, *kernel) and biases `b` of shape (outputs,)."""

    def __init__(self, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> None:
        self.parameters = {"w": w, "b": b}
        self.gradients = {name: np.zeros_like(value) for name, value in self.parameters.items()}
        self._geometry = geometry

    def forward(self, x: Images, *, training: bool) -> Images:  # noqa: ARG002
        self._x = x
        return convolve(x, self.parameters["w"], self.parameters["b"], self._geometry)

    def backward(self, grad: Images) -> Images:
        grads = convolve_backward(grad, self._x, self.parameters["w"], self._geometry)
        self.gradients = {"w": grads.w, "b": grads.b}
        return grads.x


class MaxPool:
    """The largest number of each window, one beside the other."""

    def __init__(self, size: int) -> None:
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}
        self._size = size

    def forward(self, x: Images, *, training: bool) -> Images:  # noqa: ARG002
        self._x = x
        return max_pool(x, self._size)

    def backward(self, grad: Images) -> Images:
        return max_pool_backward(grad, self._x, self._size)


class Flatten:
    """All numbers of an example in one row."""

    def __init__(self) -> None:
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}

    def forward(self, x: Images, *, training: bool) -> np.ndarray:  # noqa: ARG002
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad: np.ndarray) -> Images:
        return grad.reshape(self._shape)


def build(
    inputs: tuple[int, int, int],
    channels: Sequence[int],
    n_classes: int,
    rng: np.random.Generator,
    kernel: int = 3,
) -> Sequential:
    """Build stages of convolution, ReLU and pooling by 2, and a dense layer to the logits.

    `inputs` are channel, row and column of a picture. Weights have variance 2 / inputs (He et al.
    2015). Raises ValueError where a picture is too small for so many stages, and for an even
    kernel, which cannot be padded to keep the size.
    """
    n_in, height, width = inputs
    if kernel % 2 == 0:
        raise ValueError(f"kernel: {kernel} must be odd, so that padding keeps the size")
    if min(height, width) < 2 ** len(channels):
        raise ValueError(
            f"channels: {len(channels)} stages need pictures of {2 ** len(channels)} pixels a side "
            f"at least, not {height} by {width}"
        )
    modules: list[Module] = []
    for n_out in channels:
        w = rng.normal(0, (2 / (n_in * kernel**2)) ** 0.5, (n_out, n_in, kernel, kernel))
        same = Geometry(padding=kernel // 2)
        modules += [Convolution(w, np.zeros(n_out), same), Activate("relu"), MaxPool(2)]
        n_in, height, width = n_out, height // 2, width // 2
    n_features = n_in * height * width
    head = rng.normal(0, (1 / n_features) ** 0.5, (n_features, n_classes))
    modules += [Flatten(), Dense(head, np.zeros(n_classes))]
    return Sequential(modules)
