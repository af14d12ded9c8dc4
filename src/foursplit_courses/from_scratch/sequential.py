"""A network as objects that are put together: layers keep their own parameters and gradients.

`Sequential` runs any modules one after the other; `fit` trains it by mini-batches with any
optimizer, schedule, L2 penalty and dropout at once.

Source: Ng, DLS C1 W4 (forward and backward pass of L layers), C2 W1 to W3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np
from jaxtyping import Float

from foursplit_courses.from_scratch import batch_norm
from foursplit_courses.from_scratch.activations import ACTIVATIONS, Activation
from foursplit_courses.from_scratch.dense import dense, dense_backward
from foursplit_courses.from_scratch.dropout import dropout, dropout_mask
from foursplit_courses.from_scratch.gradient_check import GradientCheck, check_gradients
from foursplit_courses.from_scratch.initializers import INITIALIZERS, InitializerName
from foursplit_courses.from_scratch.mini_batches import mini_batches
from foursplit_courses.from_scratch.network import Loss
from foursplit_courses.from_scratch.optimizers import Optimizer, OptimizerConfig
from foursplit_courses.from_scratch.schedules import constant

Rows = Float[np.ndarray, "batch n"]


class Module(Protocol):
    """A part of a network.

    `forward` keeps what `backward` needs; `backward` takes the gradient of the outputs, sets
    `gradients` and returns the gradient of the inputs. Both dicts have the same names and shapes.
    """

    parameters: dict[str, np.ndarray]
    gradients: dict[str, np.ndarray]

    def forward(self, x: Rows, *, training: bool) -> Rows: ...

    def backward(self, grad: Rows) -> Rows: ...


class Dense:
    """Weighted sums: `w` of shape (inputs, units), `b` of shape (units,)."""

    def __init__(self, w: np.ndarray, b: np.ndarray) -> None:
        self.parameters = {"w": w, "b": b}
        self.gradients = {name: np.zeros_like(value) for name, value in self.parameters.items()}

    def forward(self, x: Rows, *, training: bool) -> Rows:  # noqa: ARG002
        self._x = x
        return dense(x, self.parameters["w"], self.parameters["b"])

    def backward(self, grad: Rows) -> Rows:
        grads = dense_backward(grad, self._x, self.parameters["w"])
        self.gradients = {"w": grads.w, "b": grads.b}
        return grads.x


class Activate:
    """An element-wise activation function."""

    def __init__(self, activation: Activation) -> None:
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}
        self._function = ACTIVATIONS[activation]

    def forward(self, x: Rows, *, training: bool) -> Rows:  # noqa: ARG002
        self._x = x
        return self._function.value(x)

    def backward(self, grad: Rows) -> Rows:
        return np.asarray(grad * self._function.derivative(self._x))


class BatchNorm:
    """Batch normalization of `n` units; running statistics move in training alone."""

    def __init__(self, n: int) -> None:
        self.state = batch_norm.init_state(n)
        self.parameters = {"gamma": self.state.gamma, "beta": self.state.beta}
        self.gradients = {name: np.zeros_like(value) for name, value in self.parameters.items()}

    def forward(self, x: Rows, *, training: bool) -> Rows:
        self.state = self.state._replace(**self.parameters)
        if not training:
            return batch_norm.batch_norm_inference(x, self.state)
        outputs, self._cache, self.state = batch_norm.batch_norm(x, self.state)
        return outputs

    def backward(self, grad: Rows) -> Rows:
        grads = batch_norm.batch_norm_backward(grad, self._cache, self.state)
        self.gradients = {"gamma": grads.gamma, "beta": grads.beta}
        return grads.x


class Dropout:
    """Inverted dropout in training; nothing at inference."""

    def __init__(self, keep: float, rng: np.random.Generator) -> None:
        dropout_mask((), keep, rng)  # raises ValueError for a share that cannot be
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}
        self._keep, self._rng = keep, rng

    def forward(self, x: Rows, *, training: bool) -> Rows:
        self._mask = dropout_mask(x.shape, self._keep, self._rng) if training else np.ones_like(x)
        return dropout(x, self._mask)

    def backward(self, grad: Rows) -> Rows:
        return dropout(grad, self._mask)


@dataclass(slots=True)
class Sequential:
    """Modules, one after the other."""

    modules: Sequence[Module]

    def forward(self, x: Rows, *, training: bool = False) -> Rows:
        for module in self.modules:
            x = module.forward(x, training=training)
        return x

    def backward(self, grad: Rows) -> Rows:
        for module in reversed(self.modules):
            grad = module.backward(grad)
        return grad

    @property
    def parameters(self) -> list[np.ndarray]:
        return [value for module in self.modules for value in module.parameters.values()]

    @parameters.setter
    def parameters(self, values: Sequence[np.ndarray]) -> None:
        rest = iter(values)
        for module in self.modules:
            module.parameters = {name: next(rest) for name in module.parameters}

    @property
    def gradients(self) -> list[np.ndarray]:
        return [value for module in self.modules for value in module.gradients.values()]


def build(
    layer_sizes: Sequence[int],
    hidden: Activation,
    rng: np.random.Generator,
    *,
    initializer: InitializerName = "he",
    keep: float = 1.0,
    batch_normalize: bool = False,
) -> Sequential:
    """Build dense layers with `layer_sizes` units, inputs first; the last layer is linear.

    A hidden layer is: sums, batch normalization if asked for, activation, dropout unless `keep`
    is 1.
    """
    modules: list[Module] = []
    for number, (n_in, n_out) in enumerate(pairwise(layer_sizes), start=2):
        modules.append(Dense(INITIALIZERS[initializer](n_in, n_out, rng), np.zeros(n_out)))
        if number < len(layer_sizes):
            modules += [BatchNorm(n_out)] if batch_normalize else []
            modules.append(Activate(hidden))
            modules += [Dropout(keep, rng)] if keep != 1 else []
    return Sequential(modules)


@dataclass(frozen=True, slots=True, kw_only=True)
class FitConfig:
    """Settings of mini-batch training; `weight_decay` is the course's lambda / m."""

    n_epochs: int
    learning_rate: float
    batch_size: int = 64
    weight_decay: float = 0.0
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: Callable[[int], float] = lambda epoch: float(constant(epoch))

    def __post_init__(self) -> None:
        for name, minimum in (("n_epochs", 1), ("batch_size", 1), ("weight_decay", 0)):
            if getattr(self, name) < minimum:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least {minimum}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate: {self.learning_rate} must be above 0")


def loss_and_gradients(
    network: Sequential, x: Rows, y: np.ndarray, loss: Loss, weight_decay: float = 0.0
) -> tuple[float, list[np.ndarray]]:
    """Return the loss of a batch in training, L2 penalty included, and every gradient.

    The penalty is weight_decay / 2 times the sum of squared weights; biases have none.
    """
    outputs = network.forward(x, training=True)
    network.backward(loss.grad(outputs, y))
    parameters = network.parameters
    gradients = [
        g + weight_decay * p if p.ndim > 1 else g
        for g, p in zip(network.gradients, parameters, strict=True)
    ]
    penalty = sum(float((p * p).sum()) for p in parameters if p.ndim > 1)
    return loss.value(outputs, y) + 0.5 * weight_decay * penalty, gradients


def check_network(
    network: Sequential, x: Rows, y: np.ndarray, loss: Loss, weight_decay: float = 0.0
) -> GradientCheck:
    """Check the backward pass of every module; names are number, class and parameter of a module.

    Parameters are as before afterwards. Dropout draws a mask at each call: leave it out.
    """
    check_finite(x)
    names = [
        f"modules[{number}] {type(module).__name__}.{name}"
        for number, module in enumerate(network.modules)
        for name in module.parameters
    ]
    before = network.parameters

    def cost(values: Mapping[str, np.ndarray]) -> float:
        network.parameters = list(values.values())
        return loss_and_gradients(network, x, y, loss, weight_decay)[0]

    _, gradients = loss_and_gradients(network, x, y, loss, weight_decay)
    named = dict(zip(names, gradients, strict=True))
    try:
        return check_gradients(cost, dict(zip(names, before, strict=True)), named)
    finally:
        network.parameters = before


def check_finite(x: Rows) -> None:
    """Raise ValueError for inputs that are missing or infinite, naming the first."""
    if np.isfinite(x).all():
        return
    row, column = map(int, np.argwhere(~np.isfinite(x))[0])
    raise ValueError(
        f"x: row {row}, column {column} is {x[row, column]}; a network's inputs must be finite. "
        "Leave the row out, or fill the value"
    )


def fit(
    network: Sequential,
    x: Rows,
    y: np.ndarray,
    loss: Loss,
    config: FitConfig,
    rng: np.random.Generator,
) -> list[float]:
    """Train the network in place; return the mean loss of each epoch's batches.

    Raises ValueError for inputs that are not finite.
    """
    check_finite(x)
    optimizer = Optimizer(config.optimizer)
    losses = []
    for epoch in range(config.n_epochs):
        learning_rate = config.learning_rate * config.schedule(epoch)
        total = 0.0
        for batch in mini_batches(len(x), config.batch_size, rng):
            value, gradients = loss_and_gradients(
                network, x[batch], y[batch], loss, config.weight_decay
            )
            network.parameters = optimizer.step(network.parameters, gradients, learning_rate)
            total += value * len(batch)
        losses.append(total / len(x))
    return losses
