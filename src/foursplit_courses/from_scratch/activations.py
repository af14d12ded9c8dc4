"""Activation functions, each beside its derivative, in NumPy.

Derivatives are by the input `z`, element by element. Softmax, whose answers hang together, stands
in `softmax.py`.

Source: Ng, MLS C2 W1 (sigmoid) and W2 (ReLU, linear); DLS C1 W3 (tanh).
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

Activation = Literal["linear", "relu", "sigmoid", "tanh"]


class Pair(NamedTuple):
    """A function of an array, and its derivative at the same place."""

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]


def linear(z: np.ndarray) -> np.ndarray:
    return z


def linear_slope(z: np.ndarray) -> np.ndarray:
    return np.ones_like(z)


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def relu_slope(z: np.ndarray) -> np.ndarray:
    """Give 1 above zero and 0 elsewhere; at zero itself, where there is no slope, 0."""
    return (z > 0).astype(z.dtype)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Give 1 / (1 + exp(-z)) through tanh, which overflows nowhere."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def sigmoid_slope(z: np.ndarray) -> np.ndarray:
    s = sigmoid(z)
    return s * (1 - s)


def tanh(z: np.ndarray) -> np.ndarray:
    return np.tanh(z)


def tanh_slope(z: np.ndarray) -> np.ndarray:
    return 1 - np.tanh(z) ** 2


ACTIVATIONS: dict[Activation, Pair] = {
    "linear": Pair(linear, linear_slope),
    "relu": Pair(relu, relu_slope),
    "sigmoid": Pair(sigmoid, sigmoid_slope),
    "tanh": Pair(tanh, tanh_slope),
}
"""By the names that `models/mlp.py` and a network's layers use."""
