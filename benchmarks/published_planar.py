"""The Deep Learning Specialization's planar networks, from the course's own first weights.

Points and first weights come from NumPy's old generator with the course's seeds, and so the figures
repeat to the digit.  Beside each figure stands what other seeds of the same draws give: how much of
it is that one seed.  All networks are those of `from_scratch`.
"""

import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor

from foursplit.io import artifacts
from foursplit_courses.from_scratch import losses, sequential
from foursplit_courses.from_scratch.activations import Activation
from foursplit_courses.from_scratch.gradient_check import numerical_gradient, relative_difference
from foursplit_courses.from_scratch.network import (
    Layer,
    TrainingConfig,
    fit,
    forward,
)
from foursplit_courses.from_scratch.optimizers import Optimizer, OptimizerConfig
from foursplit_courses.from_scratch.schedules import (
    constant,
    inverse_time,
    inverse_time_in_intervals,
)

RESULT = ROOT / "benchmarks" / "results" / "published_planar.json"
OTHERS = 10  # other seeds of each draw
Points = tuple[np.ndarray, np.ndarray]
"""Coordinates (point, 2) and classes (point, 1), 0 or 1."""


def flower(seed: int, n: int = 400, petals: int = 4) -> Points:
    """Draw the flower: two classes in turn along eight half petals."""
    draw = np.random.RandomState(seed)
    x, y = np.zeros((n, 2)), np.zeros((n, 1))
    for k in range(2):
        rows = slice(k * n // 2, (k + 1) * n // 2)
        angle = np.linspace(k * 3.12, (k + 1) * 3.12, n // 2) + draw.randn(n // 2) * 0.2
        radius = petals * np.sin(4 * angle) + draw.randn(n // 2) * 0.2
        x[rows] = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
        y[rows] = k
    return x, y


def circles(seed: int, n: int) -> Points:
    from sklearn.datasets import make_circles

    x, y = make_circles(n_samples=n, noise=0.05, random_state=np.random.RandomState(seed))
    return x, y[:, None] * 1.0


def moons(seed: int, n: int = 300) -> Points:
    from sklearn.datasets import make_moons

    x, y = make_moons(n_samples=n, noise=0.2, random_state=np.random.RandomState(seed))
    return x, y[:, None] * 1.0


def layers_from(
    seed: int, sizes: Sequence[int], scale: float | None, activation: Activation
) -> list[Layer]:
    """Draw the course's first weights: normal numbers times `scale`, or He's where it is None."""
    draw = np.random.RandomState(seed)
    layers = []
    for n_in, n_out in pairwise(sizes):
        # The course holds weights as (unit, input): numbers belong to them in that order.
        w = draw.randn(n_out, n_in).T * ((2 / n_in) ** 0.5 if scale is None else scale)
        layers.append(Layer(w, np.zeros(n_out), activation))
    return [*layers[:-1], layers[-1]._replace(activation="linear")]


def accuracy(outputs: np.ndarray, y: np.ndarray) -> float:
    return float(((outputs > 0) == y).mean())


def hidden_units(n_hidden: int, seeds: tuple[int, int], n_steps: int) -> dict[str, float]:
    """Train one hidden layer of tanh units on the flower by gradient descent."""
    x, y = flower(seeds[0])
    layers = layers_from(seeds[1], (2, n_hidden, 1), 0.01, "tanh")
    config = TrainingConfig(n_steps=n_steps, learning_rate=1.2, optimizer="gradient_descent")
    trained, _ = fit(layers, x, y, losses.BINARY_CROSS_ENTROPY, config)
    return {"train_accuracy": accuracy(forward(trained, x), y)}


def linear_baseline(seed: int) -> dict[str, float]:
    from sklearn.linear_model import LogisticRegressionCV

    x, y = flower(seed)
    with warnings.catch_warnings():  # of defaults that a later scikit-learn will change
        warnings.simplefilter("ignore", FutureWarning)
        fitted = LogisticRegressionCV().fit(x, y[:, 0])
        return {"train_accuracy": float(fitted.score(x, y[:, 0]))}


def first_weights(scale: float | None, seeds: tuple[int, int, int]) -> dict[str, float]:
    """Train three layers of ReLU units on circles from one kind of first weights."""
    (x, y), (x_test, y_test) = circles(seeds[0], 300), circles(seeds[1], 100)
    layers = layers_from(seeds[2], (2, 10, 5, 1), scale, "relu")
    config = TrainingConfig(n_steps=15_000, learning_rate=0.01, optimizer="gradient_descent")
    trained, _ = fit(layers, x, y, losses.BINARY_CROSS_ENTROPY, config)
    return {
        "train_accuracy": accuracy(forward(trained, x), y),
        "test_accuracy": accuracy(forward(trained, x_test), y_test),
    }


def optimized(
    optimizer: str,
    n_epochs: int,
    seeds: tuple[int, int, int],
    learning_rate: float = 0.0007,
    schedule: Callable[[float], Any] = constant,
) -> dict[str, float]:
    """Train on moons by mini-batches of 64, in the course's orders: a new seed for each epoch."""
    x, y = moons(seeds[0])
    net = sequential.Sequential([])
    modules: list[sequential.Module] = []
    for layer in layers_from(seeds[1], (2, 5, 2, 1), None, "relu"):
        modules.append(sequential.Dense(layer.w, layer.b))
        modules += [sequential.Activate("relu")] if layer.activation == "relu" else []
    net = sequential.Sequential(modules)
    step = Optimizer(OptimizerConfig(name=optimizer))  # type: ignore[arg-type]
    for epoch in range(n_epochs):
        order = np.random.RandomState(seeds[2] + 1 + epoch).permutation(len(x))
        # The course sets an epoch's rate when it is over: the next one has it.
        rate = learning_rate * float(schedule(max(epoch - 1, 0)))
        for start in range(0, len(x), 64):
            batch = order[start : start + 64]
            _, gradients = sequential.loss_and_gradients(
                net, x[batch], y[batch], losses.BINARY_CROSS_ENTROPY
            )
            net.parameters = step.step(net.parameters, gradients, rate)
    return {"train_accuracy": accuracy(net.forward(x), y)}


def line_check() -> dict[str, float]:
    """Check the slope of a line through zero by differences: 2 at 4."""
    slope = numerical_gradient(lambda p: float(2 * p["theta"][0]), {"theta": np.array([4.0])})
    return {"relative_difference": relative_difference(np.array([2.0]), slope["theta"])}


def network_check(bug: bool) -> dict[str, float]:
    """Check three layers by differences, with the course's two planted bugs or without.

    The course takes logarithms of the sigmoid's outputs, and loses digits where one is near 1: that
    is most of the difference it prints for right gradients. From logits it is a hundredth of it.
    """
    draw = np.random.RandomState(1)
    x, y = draw.randn(4, 3).T, np.array([[1.0], [1.0], [0.0]])
    values = {}
    for k, (n_in, n_out) in enumerate(pairwise((4, 5, 3, 1)), start=1):
        values[f"w{k}"], values[f"b{k}"] = draw.randn(n_out, n_in).T, draw.randn(n_out, 1)[:, 0]
    modules: list[sequential.Module] = []
    for k in (1, 2, 3):
        modules.append(sequential.Dense(values[f"w{k}"], values[f"b{k}"]))
        modules += [sequential.Activate("relu")] if k < 3 else []
    net = sequential.Sequential(modules)
    names = list(values)
    _, gradients = sequential.loss_and_gradients(net, x, y, losses.BINARY_CROSS_ENTROPY)
    grads = dict(zip(names, gradients, strict=True))
    if bug:
        grads["w2"], grads["b1"] = 2 * grads["w2"], 4 * grads["b1"]

    def difference(cost: Callable[[np.ndarray, np.ndarray], float]) -> float:
        def of(parameters: Any) -> float:
            net.parameters = [parameters[name] for name in names]
            return cost(net.forward(x), y)

        numerical = numerical_gradient(of, {name: value.copy() for name, value in values.items()})
        flat = [np.concatenate([g[name].ravel() for name in names]) for g in (grads, numerical)]
        return relative_difference(*flat)

    return {
        "relative_difference": difference(naive_cross_entropy),
        "from_logits": difference(losses.BINARY_CROSS_ENTROPY.value),
    }


def naive_cross_entropy(logits: np.ndarray, y: np.ndarray) -> float:
    answers = 1 / (1 + np.exp(-logits))
    return float((-np.log(answers) * y - np.log(1 - answers) * (1 - y)).sum() / len(y))


def others(
    make: Callable[[int], dict[str, float]], name: str, course: dict[str, float]
) -> dict[str, Any]:
    """Make the figure with other seeds: mean, range, and how many are as good as the course's."""
    values = [make(seed)[name] for seed in range(100, 100 + OTHERS)]
    return {
        "value": name,
        "n": OTHERS,
        "mean": float(np.mean(values)),
        "lo": min(values),
        "hi": max(values),
        "as_good": sum(value >= course[name] for value in values),
    }


@dataclass(frozen=True, slots=True)
class Recipe:
    """The course's figures, and the same from another seed, of which `judged` is compared."""

    course: Callable[[], dict[str, float]]
    again: Callable[[int], dict[str, float]] | None = None
    judged: str = "train_accuracy"

    def table(self) -> dict[str, Any]:
        start = time.perf_counter()
        course = self.course()
        result: dict[str, Any] = {"seconds": round(time.perf_counter() - start, 1)}
        result |= {"course": course, "trivial": 0.5}  # half of the points are of each class
        if self.again is not None:
            result["others"] = others(self.again, self.judged, course)
        return result


def hidden_units_from(n_hidden: int, n_steps: int, seed: int) -> dict[str, float]:
    return hidden_units(n_hidden, (seed, seed), n_steps)


def first_weights_from(scale: float | None, seed: int) -> dict[str, float]:
    return first_weights(scale, (seed, seed + 1000, seed))


def optimized_from(
    optimizer: str, n_epochs: int, rate: float, schedule: Callable[..., Any], seed: int
) -> dict[str, float]:
    return optimized(optimizer, n_epochs, (seed, seed, seed), rate, schedule)


def recipes() -> dict[str, Recipe]:
    """List what is made, by name."""
    made = {
        "gradient_check_line": Recipe(line_check),
        "gradient_check_bug": Recipe(lambda: network_check(bug=True)),
        "gradient_check_right": Recipe(lambda: network_check(bug=False)),
        "flower_linear": Recipe(lambda: linear_baseline(1), linear_baseline),
    }
    for n_hidden, n_steps in [(4, 10_000), *((n, 5_000) for n in (1, 2, 3, 4, 5, 20, 50))]:
        name = f"flower_{n_hidden}_units" + ("_10000" if n_steps == 10_000 else "")
        made[name] = Recipe(
            partial(hidden_units, n_hidden, (1, 2), n_steps),
            partial(hidden_units_from, n_hidden, n_steps),
        )
    for name, scale in (("zeros", 0.0), ("large", 10.0), ("he", None)):
        made[f"circles_{name}"] = Recipe(
            partial(first_weights, scale, (1, 2, 3)),
            partial(first_weights_from, scale),
            "test_accuracy",
        )
    intervals = partial(inverse_time_in_intervals, interval=1000)
    runs: dict[str, tuple[str, int, float, Callable[..., Any]]] = {
        "moons_sgd": ("sgd", 10_000, 0.0007, constant),
        "moons_momentum": ("momentum", 10_000, 0.0007, constant),
        "moons_adam": ("adam", 10_000, 0.0007, constant),
        "moons_sgd_5000": ("sgd", 5_000, 0.0007, constant),
        "moons_momentum_5000": ("momentum", 5_000, 0.0007, constant),
        "moons_adam_5000": ("adam", 5_000, 0.0007, constant),
        "moons_sgd_decay": ("sgd", 5_000, 0.1, inverse_time),
        "moons_sgd_intervals": ("sgd", 5_000, 0.1, intervals),
        "moons_momentum_intervals": ("momentum", 5_000, 0.1, intervals),
        "moons_adam_intervals": ("adam", 5_000, 0.01, intervals),
    }
    for name, (optimizer, n_epochs, rate, schedule) in runs.items():
        made[name] = Recipe(
            partial(optimized, optimizer, n_epochs, (3, 3, 10), rate, schedule),
            partial(optimized_from, optimizer, n_epochs, rate, schedule),
        )
    return made


def main() -> None:
    only = set(sys.argv[1:])
    found: dict[str, Any] = {}
    for name, recipe in recipes().items():
        if not only or name in only:
            found[name] = recipe.table()
            print(name, json.dumps(found[name]), flush=True)
    if not only:
        result = {"device": processor(), "cores": len(os.sched_getaffinity(0)), "tables": found}
        artifacts.write_json(RESULT, result)


if __name__ == "__main__":
    main()
