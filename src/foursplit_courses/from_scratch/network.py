"""A network as a list of layers: forward pass, backpropagation and full-batch training.

The last layer is usually linear: its outputs are quantities or logits, and the loss takes them as
they are, for numerical stability.

Source: Ng, MLS C2 W1 (forward propagation) and W2 (training, output from logits).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from foursplit_courses.from_scratch import adam
from foursplit_courses.from_scratch.activations import ACTIVATIONS, Activation
from foursplit_courses.from_scratch.dense import dense, dense_backward

Rows = Float[np.ndarray, "batch n"]


class Layer(NamedTuple):
    """Weights (inputs, units), biases (units) and the activation function."""

    w: np.ndarray
    b: np.ndarray
    activation: Activation


class Loss(NamedTuple):
    """A mean loss of (outputs, targets), and its gradient by the outputs."""

    value: Callable[[np.ndarray, np.ndarray], float]
    grad: Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """Settings of full-batch training."""

    n_steps: int
    learning_rate: float
    weight_decay: float = 0.0  # lambda / m: weight_decay * w is added to the gradient of w
    optimizer: Literal["adam", "gradient_descent"] = "adam"

    def __post_init__(self) -> None:
        for name, minimum in (("n_steps", 1), ("weight_decay", 0)):
            if getattr(self, name) < minimum:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least {minimum}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate: {self.learning_rate} must be above 0")


def init_layers(
    layer_sizes: Sequence[int], hidden: Activation, rng: np.random.Generator
) -> list[Layer]:
    """Initialize a network with `layer_sizes` units, inputs first; the last layer is linear.

    Weights have variance 2 / inputs before a ReLU (He et al. 2015), else 1 / inputs; biases are 0.
    """
    layers = []
    for number, (n_in, n_out) in enumerate(pairwise(layer_sizes), start=2):
        activation = hidden if number < len(layer_sizes) else "linear"
        variance = (2 if activation == "relu" else 1) / n_in
        w = rng.normal(0, variance**0.5, (n_in, n_out))
        layers.append(Layer(w, np.zeros(n_out), activation))
    return layers


def forward(layers: Sequence[Layer], x: Rows) -> Rows:
    """Compute the outputs of the last layer."""
    for layer in layers:
        x = ACTIVATIONS[layer.activation].value(dense(x, layer.w, layer.b))
    return x


class Cache(NamedTuple):
    """Inputs `x` and weighted sums `z` of each layer, for backpropagation."""

    x: list[np.ndarray]
    z: list[np.ndarray]
    outputs: np.ndarray


def forward_with_cache(layers: Sequence[Layer], x: Rows) -> Cache:
    """Run the forward pass and also return the cache for backpropagation."""
    xs, zs = [], []
    for layer in layers:
        xs.append(x)
        zs.append(dense(x, layer.w, layer.b))
        x = ACTIVATIONS[layer.activation].value(zs[-1])
    return Cache(xs, zs, x)


def backward(layers: Sequence[Layer], cache: Cache, da: Rows) -> list[np.ndarray]:
    """Compute the gradients of w and b, layer by layer; `da` is the gradient of the outputs."""
    grads: list[np.ndarray] = []
    for layer, x, z in zip(reversed(layers), cache.x[::-1], cache.z[::-1], strict=True):
        dense_grads = dense_backward(da * ACTIVATIONS[layer.activation].derivative(z), x, layer.w)
        grads = [dense_grads.w, dense_grads.b, *grads]
        da = dense_grads.x
    return grads


def fit(
    layers: Sequence[Layer], x: Rows, y: np.ndarray, loss: Loss, config: TrainingConfig
) -> tuple[list[Layer], list[float]]:
    """Train the layers; return them and the loss (without weight decay) before each step."""
    values = [array for layer in layers for array in (layer.w, layer.b)]
    state, losses = adam.init_state(values), []
    for _ in range(config.n_steps):
        current = _layers(layers, values)
        cache = forward_with_cache(current, x)
        losses.append(loss.value(cache.outputs, y))
        grads = backward(current, cache, loss.grad(cache.outputs, y))
        # Weights are matrices; biases get no weight decay.
        grads = [
            g + config.weight_decay * v if v.ndim > 1 else g
            for g, v in zip(grads, values, strict=True)
        ]
        if config.optimizer == "adam":
            values, state = adam.step(values, grads, state, config.learning_rate)
        else:
            values = [v - config.learning_rate * g for v, g in zip(values, grads, strict=True)]
    return _layers(layers, values), losses


def _layers(layers: Sequence[Layer], values: Sequence[np.ndarray]) -> list[Layer]:
    pairs = zip(values[::2], values[1::2], strict=True)
    return [Layer(w, b, layer.activation) for (w, b), layer in zip(pairs, layers, strict=True)]
