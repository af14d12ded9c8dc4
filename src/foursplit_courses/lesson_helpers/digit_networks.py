"""Networks for scikit-learn's 8 by 8 digits, small enough to be trained many times on a page."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foursplit.core.seeds import generator
from foursplit_courses.from_scratch import sequential
from foursplit_courses.from_scratch.losses import CROSS_ENTROPY
from foursplit_courses.from_scratch.optimizers import OptimizerConfig

SIDE = 8  # pixels
N_CLASSES = 10
BATCH = 50


class Digits(NamedTuple):
    """Pictures (digit, pixel) from 0 paper to 1 ink, and which digit each is."""

    x: np.ndarray
    y: np.ndarray

    def take(self, chosen: slice) -> "Digits":
        return Digits(self.x[chosen], self.y[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a network is built and trained; without hidden units it is softmax regression."""

    hidden: tuple[int, ...] = ()
    n_steps: int = 300  # of mini-batches
    weight_decay: float = 0.0
    learning_rate: float = 0.01
    keep: float = 1.0  # of hidden units, in dropout


def shuffled_digits(*name: object) -> Digits:
    """Return the 1,797 digits in an order drawn for `name`: their file is sorted by writer."""
    from sklearn.datasets import load_digits

    loaded = load_digits()
    order = generator(*name).permutation(len(loaded.target))
    return Digits(loaded.data[order] / 16, loaded.target[order])


def train(settings: Settings, digits: Digits, rng: np.random.Generator) -> sequential.Sequential:
    """Train a network by Adam on mini-batches for `n_steps`, rounded up to whole epochs."""
    sizes = (digits.x.shape[1], *settings.hidden, N_CLASSES)
    network = sequential.build(sizes, "relu", rng, keep=settings.keep)
    steps_an_epoch = -(-len(digits.y) // BATCH)
    config = sequential.FitConfig(
        n_epochs=-(-settings.n_steps // steps_an_epoch),
        learning_rate=settings.learning_rate,
        batch_size=BATCH,
        weight_decay=settings.weight_decay,
        optimizer=OptimizerConfig(name="adam"),
    )
    sequential.fit(network, digits.x, digits.y, CROSS_ENTROPY, config, rng)
    return network


def error_rate(network: sequential.Sequential, digits: Digits) -> float:
    """Return the share of digits that a network misreads."""
    return float((network.forward(digits.x).argmax(axis=1) != digits.y).mean())
