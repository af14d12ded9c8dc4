"""Optimizers of mini-batch training, each as a state and a step, in NumPy.

Every step takes parameters and gradients of the same shapes and returns new parameters: nothing is
changed in place. Averages start at zero and contain (1 - beta) times the newest gradient, as in the
course; PyTorch's momentum has no such factor, so that its learning rate is (1 - beta) times ours.

Source: Ng, DLS C2 W2; Sutskever et al. (2013), On the importance of initialization and momentum;
Kingma and Ba (2015), Adam; Loshchilov and Hutter (2019), Decoupled weight decay regularization.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from foursplit_courses.from_scratch import adam

Arrays = Sequence[np.ndarray]
OptimizerName = Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerConfig:
    """Settings of all optimizers; each reads its own.

    `beta` belongs to momentum, Nesterov and RMSProp, `betas` to Adam and AdamW, `weight_decay` to
    AdamW: a share of learning rate times parameter that each step takes off matrices.
    """

    name: OptimizerName = "sgd"
    beta: float = 0.9
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in STEPS:
            raise ValueError(f"name: {self.name!r} must be one of {', '.join(STEPS)}")
        for name, values in (("beta", (self.beta,)), ("betas", self.betas)):
            if not all(0 <= value < 1 for value in values):
                raise ValueError(f"{name}: {getattr(self, name)} must be from 0 to below 1")
        if self.weight_decay < 0:
            raise ValueError(f"weight_decay: {self.weight_decay} must be 0 or more")


@dataclass(slots=True)
class Optimizer:
    """An optimizer with its running averages; `step` returns the new parameters."""

    config: OptimizerConfig
    state: Any = field(default=None)

    def step(self, parameters: Arrays, gradients: Arrays, learning_rate: float) -> list[np.ndarray]:
        """Return the parameters after one step; the running averages are updated."""
        if self.state is None:
            self.state = (
                adam.init_state(parameters)
                if self.config.name.startswith("adam")
                else [np.zeros_like(p) for p in parameters]
            )
        updated, self.state = STEPS[self.config.name](
            parameters, gradients, self.state, learning_rate, self.config
        )
        return updated


def _sgd(
    parameters: Arrays, gradients: Arrays, state: Any, rate: float, _config: OptimizerConfig
) -> tuple[list[np.ndarray], Any]:
    return [p - rate * g for p, g in zip(parameters, gradients, strict=True)], state


def _averages(gradients: Arrays, state: Any, beta: float) -> list[np.ndarray]:
    return [beta * v + (1 - beta) * g for v, g in zip(state, gradients, strict=True)]


def _momentum(
    parameters: Arrays, gradients: Arrays, state: Any, rate: float, config: OptimizerConfig
) -> tuple[list[np.ndarray], Any]:
    state = _averages(gradients, state, config.beta)
    return [p - rate * v for p, v in zip(parameters, state, strict=True)], state


def _nesterov(
    parameters: Arrays, gradients: Arrays, state: Any, rate: float, config: OptimizerConfig
) -> tuple[list[np.ndarray], Any]:
    """Step along the average as the next step will have it, in PyTorch's form of the method."""
    state, beta = _averages(gradients, state, config.beta), config.beta
    return [
        p - rate * (beta * v + (1 - beta) * g)
        for p, v, g in zip(parameters, state, gradients, strict=True)
    ], state


def _rmsprop(
    parameters: Arrays, gradients: Arrays, state: Any, rate: float, config: OptimizerConfig
) -> tuple[list[np.ndarray], Any]:
    state = _averages([g * g for g in gradients], state, config.beta)
    return [
        p - rate * g / (np.sqrt(s) + adam.EPS)
        for p, g, s in zip(parameters, gradients, state, strict=True)
    ], state


def _adam(
    parameters: Arrays, gradients: Arrays, state: Any, rate: float, config: OptimizerConfig
) -> tuple[list[np.ndarray], Any]:
    return adam.step(parameters, gradients, state, rate, config.betas)


def _adamw(
    parameters: Arrays, gradients: Arrays, state: Any, rate: float, config: OptimizerConfig
) -> tuple[list[np.ndarray], Any]:
    """Shrink matrices first, apart from the gradient's averages; biases get no weight decay."""
    shrunk = [p * (1 - rate * config.weight_decay) if p.ndim > 1 else p for p in parameters]
    return adam.step(shrunk, gradients, state, rate, config.betas)


STEPS: dict[OptimizerName, Callable[..., tuple[list[np.ndarray], Any]]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adamw,
}
