"""A network of action values in NumPy: forward, derivatives of its error, and Adam.

All weights lie in one vector, of which each layer is a view: a step of Adam and a soft update are
then a few operations on one array, however many layers there are.  What is here writes into arrays
it is given, unlike the rest of this folder: at five thousand weights, new arrays would cost as much
as the arithmetic.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]
"""Weights (input, unit) and offsets (unit,) of each layer, the first layer first."""

FIRST, SECOND, TINY = 0.9, 0.999, 1e-8  # Adam's decay rates and what keeps it from dividing by 0


def count(sizes: Sequence[int]) -> int:
    """Count the weights of a network with these numbers of units, inputs first."""
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))


def layers(vector: np.ndarray, sizes: Sequence[int]) -> Layers:
    """Give each layer's weights and offsets as views of the one `vector`."""
    if vector.shape != (count(sizes),):
        raise ValueError(f"vector: {vector.shape} must be ({count(sizes)},) for units {[*sizes]}")
    found, at = [], 0
    for n_in, n_out in pairwise(sizes):
        w = vector[at : at + n_in * n_out].reshape(n_in, n_out)
        found.append((w, vector[at + w.size : at + w.size + n_out]))
        at += w.size + n_out
    return found


def start(sizes: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Draw a vector of weights as deep as ReLUs ask for; offsets are 0.

    Source: He, Zhang, Ren and Sun (2015); Ng, DLS C2 W1.
    """
    vector = np.zeros(count(sizes), np.float32)
    for w, _ in layers(vector, sizes):
        w[:] = rng.normal(0, (2 / len(w)) ** 0.5, w.shape)
    return vector


def values(net: Layers, states: np.ndarray) -> np.ndarray:
    """Give (…, action) values of (…, number) states."""
    hidden = states
    for w, b in net[:-1]:
        hidden = hidden @ w
        hidden += b
        np.maximum(hidden, 0, out=hidden)
    w, b = net[-1]
    return np.asarray(hidden @ w + b)


def descent(
    net: Layers, states: np.ndarray, actions: np.ndarray, targets: np.ndarray, gradient: Layers
) -> float:
    """Fill `gradient` with the derivatives of the mean squared error, and give that error.

    The error is that of the values of the (batch,) `actions` taken in (batch, number) `states`,
    beside (batch,) `targets`, which count as constants.
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
    miss = outputs[rows, actions] - targets
    dz = np.zeros_like(outputs)
    dz[rows, actions] = miss * np.float32(2 / len(states))
    for number in range(len(net) - 1, -1, -1):
        dw, db = gradient[number]
        np.matmul(inputs[number].T, dz, out=dw)
        dz.sum(axis=0, out=db)
        if number:
            dz = dz @ net[number][0].T
            dz *= inputs[number] > 0
    return float(miss @ miss) / len(states)


class Adam:
    """Steps of one vector along its gradient, each number at a pace of its own.

    Source: Kingma and Ba (2015), algorithm 1 in the order of its section 2; Ng, DLS C2 W2.
    """

    def __init__(self, vector: np.ndarray, learning_rate: float) -> None:
        self.vector, self.learning_rate = vector, learning_rate
        self.mean, self.square = np.zeros_like(vector), np.zeros_like(vector)
        self.one, self.other = np.empty_like(vector), np.empty_like(vector)
        self.steps = 0

    def step(self, gradient: np.ndarray) -> None:
        """Move the vector, in place."""
        self.steps += 1
        one, other = self.one, self.other
        np.subtract(gradient, self.mean, out=one)
        one *= np.float32(1 - FIRST)
        self.mean += one
        np.multiply(gradient, gradient, out=other)
        other -= self.square
        other *= np.float32(1 - SECOND)
        self.square += other
        np.sqrt(self.square, out=other)
        other *= np.float32((1 - SECOND**self.steps) ** -0.5)
        other += np.float32(TINY)
        np.divide(self.mean, other, out=one)
        one *= np.float32(self.learning_rate / (1 - FIRST**self.steps))
        self.vector -= one


def approach(follower: np.ndarray, leader: np.ndarray, share: float, room: np.ndarray) -> None:
    """Move `follower` by `share` of its way to `leader`, in place; `room` is overwritten.

    Source: Lillicrap and others (2016), section 3; Ng, MLS C3 W3 (soft update).
    """
    np.subtract(leader, follower, out=room)
    room *= np.float32(share)
    follower += room
