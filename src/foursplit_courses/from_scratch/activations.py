"""Activation functions, each beside its derivative, in NumPy.

Derivatives are with respect to the input `z`, element-wise. Softmax is not element-wise: see
`softmax.py`.

Source: Ng, MLS C2 W1 (sigmoid) and W2 (ReLU, linear); DLS C1 W3 (tanh).
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

Activation = Literal["linear", "relu", "sigmoid", "tanh"]


class ActivationFunction(NamedTuple):
    """An element-wise function and its derivative."""

    value: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]


def linear(z: np.ndarray) -> np.ndarray:
    return z


def linear_grad(z: np.ndarray) -> np.ndarray:
    return np.ones_like(z)


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def relu_grad(z: np.ndarray) -> np.ndarray:
    """Return 1 above zero, else 0; at zero, where ReLU is not differentiable, 0."""
    return (z > 0).astype(z.dtype)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Give 1 / (1 + exp(-z)) through tanh, which overflows nowhere."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def sigmoid_grad(z: np.ndarray) -> np.ndarray:
    s = sigmoid(z)
    return s * (1 - s)


def tanh(z: np.ndarray) -> np.ndarray:
    return np.tanh(z)


def tanh_grad(z: np.ndarray) -> np.ndarray:
    return 1 - np.tanh(z) ** 2


ACTIVATIONS: dict[Activation, ActivationFunction] = {
    "linear": ActivationFunction(linear, linear_grad),
    "relu": ActivationFunction(relu, relu_grad),
    "sigmoid": ActivationFunction(sigmoid, sigmoid_grad),
    "tanh": ActivationFunction(tanh, tanh_grad),
}
"""Keys are the names that `models/mlp.py` and `network.Layer` use."""
