"""Verification: are two examples of the same class?  The network encodes each of them alone.

Two are the same if their encodings are closer than a threshold; the loss is that of the binary
classification of all pairs of a batch, which `fit.batch` gives enough pairs of both kinds.
Source: Ng, DLS C4 W4 (face verification and binary classification).
"""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.fit import TrainerConfig
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.training.batches import Batch
from foursplit.training.supervised_task import CONTRACTS as ALL_CONTRACTS
from foursplit.training.supervised_task import Outputs, Scalar, SupervisedTask

__all__ = ["CONTRACTS", "module", "random_batch", "targets"]

CONTRACTS = tuple(name for name in ALL_CONTRACTS if name != "initial_loss")
"""What a guess loses depends on the distances that the first weights happen to give."""

THRESHOLD = 1.0  # of the squared distance, as in evaluation/metrics/verify.py


class Verify(SupervisedTask):
    """Train any `net` that maps a batch to (batch, feature) encodings."""

    def output_loss(self, outputs: Outputs, batch: Batch) -> Scalar:
        """Compute the mean of both kinds of pairs' cross-entropies: most pairs are different."""
        logits, same, different = _pairs(outputs, batch)
        losses = F.binary_cross_entropy_with_logits(logits, same.to(logits.dtype), reduction="none")
        return (_mean(losses, same) + _mean(losses, different)) / 2

    def output_error(self, outputs: Outputs, batch: Batch) -> Scalar:
        """Compute the mean of both kinds of pairs' errors."""
        logits, same, different = _pairs(outputs, batch)
        wrong = ((logits > 0) != same).float()
        return (_mean(wrong, same) + _mean(wrong, different)) / 2


def _pairs(
    outputs: Outputs, batch: Batch
) -> tuple[Float[Tensor, "batch batch"], Bool[Tensor, "batch batch"], Bool[Tensor, "batch batch"]]:
    """Return the logits of all pairs, which of them are the same, and which are different."""
    squares = (outputs**2).sum(dim=1)
    distance = squares[:, None] + squares[None] - 2 * outputs @ outputs.T
    y = batch["y"]
    once = torch.ones_like(distance, dtype=torch.bool).triu(diagonal=1)
    same = (y[:, None] == y[None]) & once
    return THRESHOLD - distance, same, once & ~same


def _mean(values: Tensor, chosen: Tensor) -> Scalar:
    return (values * chosen).sum() / chosen.sum().clamp(min=1)


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> Verify:
    if fit.batch is None:
        raise FoursplitError(
            "fit.batch: task verify compares examples of a batch: give {n_classes, n_examples}, so "
            "that each holds pairs of the same class"
        )
    return Verify(net, fit, shape)


def targets(examples: Examples, _shape: DataSpec) -> dict[str, np.ndarray]:
    """Return the class numbers, (example,)."""
    return {"y": examples.y.astype(np.int64)}


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> Batch:
    """Draw a batch like the data's, for the contract tests."""
    x = torch.from_numpy(rng.normal(size=(n, *shape.inputs)).astype(np.float32))
    return {"x": x, "y": torch.from_numpy(rng.integers(0, max(2, n // 4), n))}
