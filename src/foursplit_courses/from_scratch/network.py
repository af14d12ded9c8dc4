"""A network as a list of layers: forward, backward, and learning by full-batch steps.

The last layer is usually linear: its outputs are quantities, log-odds or scores, and the loss takes
them as they are, which is the numerically safe way.

Source: Ng, MLS C2 W1 (forward propagation) and W2 (training, output from logits).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from foursplit_courses.from_scratch import adam
from foursplit_courses.from_scratch.activations import ACTIVATIONS, Activation
from foursplit_courses.from_scratch.dense import dense, dense_backward

Rows = Float[np.ndarray, "batch n"]


class Layer(NamedTuple):
    """Weights (inputs, units), biases (units) and what is done to the sums."""

    w: np.ndarray
    b: np.ndarray
    activation: Activation


class Loss(NamedTuple):
    """A mean loss of (outputs, targets), and its derivative by the outputs."""

    value: Callable[[np.ndarray, np.ndarray], float]
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How a network learns: all examples in each step."""

    n: int
    rate: float
    penalty: float = 0.0  # L2, lambda over m: adds itself times the weight to each gradient
    adam: bool = True  # false: plain gradient descent

    def __post_init__(self) -> None:
        for name, least in (("n", 1), ("penalty", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least {least}")
        if not self.rate > 0:
            raise ValueError(f"rate: {self.rate} must be above 0")


def draw(sizes: Sequence[int], hidden: Activation, rng: np.random.Generator) -> list[Layer]:
    """Draw a network of `sizes` units, inputs first; the last layer is linear.

    Variance 2 / inputs before a ReLU (He et al. 2015), else 1 / inputs; biases zero.
    """
    layers = []
    for place, (n_in, n_out) in enumerate(pairwise(sizes), start=2):
        activation = hidden if place < len(sizes) else "linear"
        variance = (2 if activation == "relu" else 1) / n_in
        w = rng.normal(0, variance**0.5, (n_in, n_out))
        layers.append(Layer(w, np.zeros(n_out), activation))
    return layers


def forward(layers: Sequence[Layer], x: Rows) -> Rows:
    """Give the last layer's answers."""
    for layer in layers:
        x = ACTIVATIONS[layer.activation].value(dense(x, layer.w, layer.b))
    return x


class Passed(NamedTuple):
    """What each layer was given and what it summed, for the way back."""

    x: list[np.ndarray]
    z: list[np.ndarray]
    outputs: np.ndarray


def remembered(layers: Sequence[Layer], x: Rows) -> Passed:
    """Go forward as `forward` does, keeping what the way back needs."""
    xs, zs = [], []
    for layer in layers:
        xs.append(x)
        zs.append(dense(x, layer.w, layer.b))
        x = ACTIVATIONS[layer.activation].value(zs[-1])
    return Passed(xs, zs, x)


def backward(layers: Sequence[Layer], passed: Passed, da: Rows) -> list[np.ndarray]:
    """Give the derivatives by (w, b) of each layer in turn; `da` is that by the outputs."""
    found: list[np.ndarray] = []
    for layer, x, z in zip(reversed(layers), passed.x[::-1], passed.z[::-1], strict=True):
        grads = dense_backward(da * ACTIVATIONS[layer.activation].slope(z), x, layer.w)
        found = [grads.w, grads.b, *found]
        da = grads.x
    return found


def learn(
    layers: Sequence[Layer], x: Rows, y: np.ndarray, loss: Loss, steps: Steps
) -> tuple[list[Layer], list[float]]:
    """Take `steps.n` steps; give the layers and the loss (without penalty) before each step."""
    values = [part for layer in layers for part in (layer.w, layer.b)]
    moments, losses = adam.start(values), []
    for _ in range(steps.n):
        current = _layers(layers, values)
        passed = remembered(current, x)
        losses.append(loss.value(passed.outputs, y))
        grads = backward(current, passed, loss.slope(passed.outputs, y))
        # Weights are matrices; biases are not penalised.
        grads = [
            g + steps.penalty * v if v.ndim > 1 else g for g, v in zip(grads, values, strict=True)
        ]
        if steps.adam:
            values, moments = adam.step(values, grads, moments, steps.rate)
        else:
            values = [v - steps.rate * g for v, g in zip(values, grads, strict=True)]
    return _layers(layers, values), losses


def _layers(layers: Sequence[Layer], values: Sequence[np.ndarray]) -> list[Layer]:
    pairs = zip(values[::2], values[1::2], strict=True)
    return [Layer(w, b, old.activation) for (w, b), old in zip(pairs, layers, strict=True)]
