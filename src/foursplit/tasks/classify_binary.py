"""Binary classification by sigmoid and logistic loss.

Source: Ng, MLS C1 W3 and DLS C1 W2.
"""

from math import log

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec, Examples
from foursplit.training.batches import Batch
from foursplit.training.supervised_task import CONTRACTS, Outputs, Scalar, SupervisedTask

__all__ = ["CONTRACTS", "initial_loss", "module", "random_batch", "targets"]

Labels = Float[Tensor, "batch 1"]


class ClassifyBinary(SupervisedTask):
    """Train any `net` that maps a batch to (batch, 1) logits by the logistic loss, in nats."""

    def output_loss(self, outputs: Outputs, batch: Batch) -> Scalar:
        y: Labels = batch["y"]
        if self.training and self.fit.label_smoothing:
            y = y + self.fit.label_smoothing * (0.5 - y)
        return F.binary_cross_entropy_with_logits(outputs, y)  # from logits: cannot overflow

    def output_losses(
        self, outputs: Float[Tensor, "seed batch 1"], batch: Batch
    ) -> Float[Tensor, " seed"]:
        y: Float[Tensor, "seed batch 1"] = batch["y"]
        if self.training and self.fit.label_smoothing:
            y = y + self.fit.label_smoothing * (0.5 - y)
        losses = F.binary_cross_entropy_with_logits(outputs, y, reduction="none")
        return losses.flatten(1).mean(dim=1)

    def output_error(self, outputs: Outputs, batch: Batch) -> Scalar:
        return ((outputs > 0).float() != batch["y"]).float().mean()


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> ClassifyBinary:
    if shape.n_classes != 2:
        raise ValueError(f"classes: {shape.classes} must be two for task classify_binary")
    return ClassifyBinary(net, fit, shape)


def targets(examples: Examples, _shape: DataSpec) -> dict[str, np.ndarray]:
    """Return the class numbers, (example, 1), 0 or 1."""
    return {"y": examples.y.astype(np.float32)[:, None]}


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> Batch:
    """Draw a batch like the data's, for the contract tests."""
    x = torch.from_numpy(rng.normal(size=(n, *shape.inputs)).astype(np.float32))
    return {"x": x, "y": torch.from_numpy(rng.integers(0, 2, (n, 1)).astype(np.float32))}


def initial_loss(_shape: DataSpec) -> float:
    """Return the loss of a uniform guess."""
    return log(2)
