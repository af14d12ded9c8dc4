"""A Q-network in NumPy: forward pass, gradient of the squared error, and Adam.

All weights lie in one vector, and layers are views of it: a step of Adam or a soft update is a few
operations on one array, whatever the number of layers.  Unlike the rest of this package, functions
write into preallocated arrays: at five thousand weights, allocation would cost as much as the
arithmetic.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]
"""Weights (input, unit) and biases (unit,) of each layer, in forward order."""

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # Adam's defaults


def count_weights(sizes: Sequence[int]) -> int:
    """Count the weights and biases of a network with these layer sizes, inputs first."""
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))


def layer_views(vector: np.ndarray, sizes: Sequence[int]) -> Layers:
    """Return the weights and biases of each layer as views of `vector`."""
    if vector.shape != (count_weights(sizes),):
        n = count_weights(sizes)
        raise ValueError(f"vector: {vector.shape} must be ({n},) for units {[*sizes]}")
    views, offset = [], 0
    for n_in, n_out in pairwise(sizes):
        w = vector[offset : offset + n_in * n_out].reshape(n_in, n_out)
        views.append((w, vector[offset + w.size : offset + w.size + n_out]))
        offset += w.size + n_out
    return views


def init_weights(sizes: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Draw weights by He initialization; biases are 0.

    Source: He, Zhang, Ren and Sun (2015); Ng, DLS C2 W1.
    """
    vector = np.zeros(count_weights(sizes), np.float32)
    for w, _ in layer_views(vector, sizes):
        w[:] = rng.normal(0, (2 / len(w)) ** 0.5, w.shape)
    return vector


def q_values(net: Layers, states: np.ndarray) -> np.ndarray:
    """Compute (…, action) values of (…, n_state) states."""
    hidden = states
    for w, b in net[:-1]:
        hidden = hidden @ w
        hidden += b
        np.maximum(hidden, 0, out=hidden)
    w, b = net[-1]
    return np.asarray(hidden @ w + b)


def loss_and_gradient(
    net: Layers, states: np.ndarray, actions: np.ndarray, targets: np.ndarray, gradient: Layers
) -> float:
    """Fill `gradient` with the gradient of the mean squared error, and return that error.

    The error is that of the values of (batch,) `actions` in (batch, n_state) `states` against
    (batch,) `targets`, which are constants.
    """
    inputs = [states]
    for w, b in net[:-1]:
        hidden = inputs[-1] @ w
        hidden += b
        np.maximum(hidden, 0, out=hidden)
        inputs.append(hidden)
    w, b = net[-1]
    outputs = inputs[-1] @ w
    outputs += b
    rows = np.arange(len(states))
    errors = outputs[rows, actions] - targets
    dz = np.zeros_like(outputs)
    dz[rows, actions] = errors * np.float32(2 / len(states))
    for index in range(len(net) - 1, -1, -1):
        dw, db = gradient[index]
        np.matmul(inputs[index].T, dz, out=dw)
        dz.sum(axis=0, out=db)
        if index:
            dz = dz @ net[index][0].T
            dz *= inputs[index] > 0
    return float(errors @ errors) / len(states)


class Adam:
    """Adam for one vector, updated in place.

    Source: Kingma and Ba (2015), algorithm 1 in the order of its section 2; Ng, DLS C2 W2.
    """

    def __init__(self, vector: np.ndarray, learning_rate: float) -> None:
        self.vector, self.learning_rate = vector, learning_rate
        self.exp_avg, self.exp_avg_sq = np.zeros_like(vector), np.zeros_like(vector)
        self.buffer1, self.buffer2 = np.empty_like(vector), np.empty_like(vector)
        self.steps = 0

    def step(self, gradient: np.ndarray) -> None:
        """Update the vector in place."""
        self.steps += 1
        buffer1, buffer2 = self.buffer1, self.buffer2
        np.subtract(gradient, self.exp_avg, out=buffer1)
        buffer1 *= np.float32(1 - BETA1)
        self.exp_avg += buffer1
        np.multiply(gradient, gradient, out=buffer2)
        buffer2 -= self.exp_avg_sq
        buffer2 *= np.float32(1 - BETA2)
        self.exp_avg_sq += buffer2
        np.sqrt(self.exp_avg_sq, out=buffer2)
        buffer2 *= np.float32((1 - BETA2**self.steps) ** -0.5)
        buffer2 += np.float32(EPS)
        np.divide(self.exp_avg, buffer2, out=buffer1)
        buffer1 *= np.float32(self.learning_rate / (1 - BETA1**self.steps))
        self.vector -= buffer1


def soft_update(target: np.ndarray, online: np.ndarray, tau: float, out: np.ndarray) -> None:
    """Compute target += tau * (online - target) in place; `out` is overwritten.

    Source: Lillicrap and others (2016), section 3; Ng, MLS C3 W3 (soft update).
    """
    np.subtract(online, target, out=out)
    out *= np.float32(tau)
    target += out
