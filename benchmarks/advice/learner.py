"""A small network in NumPy: quick to train, with a knob for each action of the advice.

Cross-entropy with softmax, ReLU layers, Adam (Kingma and Ba, 2015), an L2 penalty on the weights.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

BATCH = 64
LEARNING_RATE = 3e-3
BETA1, BETA2, TINY = 0.9, 0.999, 1e-8  # of Adam, the paper's defaults


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """How a model is trained."""

    hidden: tuple[int, ...] = (64,)  # units of each layer; none: softmax regression
    penalty: float = 0.0  # factor of half the squared weights in the cost
    epochs: float = 40


@dataclass(frozen=True, slots=True)
class Network:
    """Weights and biases of each layer, and the scale of the inputs."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    mean: np.ndarray
    std: np.ndarray
    curves: list[dict[str, float]]  # a row for each epoch, named as in curves.csv

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the (example,) most probable classes."""
        return _activations(self.weights, self.biases, _scaled(x, self.mean, self.std))[-1].argmax(
            axis=1
        )


def train(  # noqa: PLR0913, what a training is made of
    x: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    hyperparameters: Hyperparameters,
    rng: np.random.Generator,
    *,
    one_scale: bool = False,
    dev: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> Network:
    """Train on (example, feature) inputs, (example, class) targets and (example,) weights.

    `one_scale`: the features share a scale, as pixels do; otherwise each has its own.  `dev`:
    inputs, targets and weights of examples whose loss the curves hold as well.
    """
    mean, std = x.mean(axis=0), x.std(axis=0)
    if one_scale:
        std = np.full_like(std, x.std())
    std = np.where(std > 1e-6, std, 1).astype(np.float32)
    x = _scaled(x, mean, std)
    weight = (weight / weight.mean()).astype(np.float32)[:, None]
    sizes = (x.shape[1], *hyperparameters.hidden, target.shape[1])
    weights = [
        rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out)).astype(np.float32)
        for n_in, n_out in pairwise(sizes)
    ]
    biases = [np.zeros(n_out, np.float32) for n_out in sizes[1:]]
    parameters = [*weights, *biases]
    first = [np.zeros_like(p) for p in parameters]
    second = [np.zeros_like(p) for p in parameters]
    costs: list[float] = []
    curves: list[dict[str, float]] = []
    n_steps = max(2, round(hyperparameters.epochs * -(-len(x) // BATCH)))
    while len(costs) < n_steps:
        order = rng.permutation(len(x))
        done = len(costs)
        for start in range(0, len(x), BATCH):
            rows = order[start : start + BATCH]
            cost, gradients = _gradients(
                weights, biases, x[rows], target[rows], weight[rows], hyperparameters
            )
            costs.append(cost)
            step = len(costs)
            rate = LEARNING_RATE * np.sqrt(1 - BETA2**step) / (1 - BETA1**step)
            for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
                m += (1 - BETA1) * (g - m)
                v += (1 - BETA2) * (g * g - v)
                p -= rate * m / (np.sqrt(v) + TINY)
            if step == n_steps:
                break
        row = {"epoch": len(curves) + 1.0, "train_loss": float(np.mean(costs[done:]))}
        if dev is not None:
            inputs, targets, of_dev = dev
            logits = _activations(weights, biases, _scaled(inputs, mean, std))[-1]
            losses = -np.log((_probabilities(logits) * targets).sum(axis=1) + TINY)
            row["dev_loss"] = float(np.average(losses, weights=of_dev))
        curves.append(row)
    return Network(weights, biases, mean, std, curves)


def _scaled(x: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    return ((x - mean) / std).clip(-5, 5).astype(np.float32)


def _activations(
    weights: list[np.ndarray], biases: list[np.ndarray], x: np.ndarray
) -> list[np.ndarray]:
    """Return the inputs and the output of each layer; the last are logits."""
    layers = [x]
    for number, (w, b) in enumerate(zip(weights, biases, strict=True), start=1):
        z = layers[-1] @ w + b
        layers.append(z if number == len(weights) else np.maximum(z, 0))
    return layers


def _probabilities(logits: np.ndarray) -> np.ndarray:
    p: np.ndarray = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p


def _gradients(
    weights: list[np.ndarray],
    biases: list[np.ndarray],
    x: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    hyperparameters: Hyperparameters,
) -> tuple[float, list[np.ndarray]]:
    """Return the mean loss, and the gradients of the cost: of the weights, then of the biases."""
    layers = _activations(weights, biases, x)
    p = _probabilities(layers[-1])
    cost = -(weight[:, 0] * np.log((p * target).sum(axis=1) + TINY)).mean()
    delta = (p - target) * weight / len(x)
    of_weights, of_biases = [], []
    for number in range(len(weights) - 1, -1, -1):
        of_weights.append(layers[number].T @ delta + hyperparameters.penalty * weights[number])
        of_biases.append(delta.sum(axis=0))
        if number:
            delta = (delta @ weights[number].T) * (layers[number] > 0)
    return float(cost), [*of_weights[::-1], *of_biases[::-1]]
