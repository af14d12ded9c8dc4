"""Multiclass classification by softmax and cross-entropy.

Source: Ng, DLS C2 W3 (softmax regression).
"""

from math import log

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec, Examples
from foursplit.training.batches import Batch
from foursplit.training.supervised_task import CONTRACTS, Outputs, Scalar, SupervisedTask

__all__ = ["CONTRACTS", "initial_loss", "module", "random_batch", "targets"]

Labels = Int[Tensor, " batch"]


class Classify(SupervisedTask):
    """Train any `net` that maps a batch to (batch, class) logits by cross-entropy, in nats."""

    supports_mixup = True

    def output_loss(self, outputs: Outputs, batch: Batch) -> Scalar:
        if "mixup_y" not in batch:
            return self._cross_entropy(outputs, batch["y"])
        share = batch["mixup_share"]
        of_one = self._cross_entropy(outputs, batch["y"])
        return share * of_one + (1 - share) * self._cross_entropy(outputs, batch["mixup_y"])

    def _cross_entropy(self, outputs: Outputs, y: Labels) -> Scalar:
        if self.training and self.fit.label_smoothing:
            return F.cross_entropy(outputs, y, label_smoothing=self.fit.label_smoothing)
        return F.cross_entropy(outputs, y)

    def output_losses(
        self, outputs: Float[Tensor, "seed batch n_outputs"], batch: Batch
    ) -> Float[Tensor, " seed"]:
        smoothing = self.fit.label_smoothing if self.training else 0.0
        losses = F.cross_entropy(
            outputs.flatten(0, 1), batch["y"].flatten(), reduction="none", label_smoothing=smoothing
        )
        return losses.view(outputs.shape[:2]).mean(dim=1)

    def output_error(self, outputs: Outputs, batch: Batch) -> Scalar:
        return (outputs.argmax(dim=1) != batch["y"]).float().mean()


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> Classify:
    return Classify(net, fit, shape)


def targets(examples: Examples, _shape: DataSpec) -> dict[str, np.ndarray]:
    """Return the class numbers, (example,)."""
    return {"y": examples.y.astype(np.int64)}


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> Batch:
    """Draw a batch like the data's, for the contract tests."""
    x = torch.from_numpy(rng.normal(size=(n, *shape.inputs)).astype(np.float32))
    return {"x": x, "y": torch.from_numpy(rng.integers(0, shape.n_classes, n))}


def initial_loss(shape: DataSpec) -> float:
    """Return the loss of a uniform guess."""
    return log(shape.n_classes)
