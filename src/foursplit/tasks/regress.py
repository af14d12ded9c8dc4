"""Regression by squared error, in standard deviations of the target.

Source: Ng, MLS C1 W1-W2; the course's cost is half of this one.
"""

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

Targets = Float[Tensor, "batch 1"]


class Regress(SupervisedTask):
    """Train any `net` that maps a batch to (batch, 1), the target less its mean, in deviations."""

    def output_loss(self, outputs: Outputs, batch: Batch) -> Scalar:
        y: Targets = batch["y"]
        return F.mse_loss(outputs, y)

    def output_losses(
        self, outputs: Float[Tensor, "seed batch 1"], batch: Batch
    ) -> Float[Tensor, " seed"]:
        return F.mse_loss(outputs, batch["y"], reduction="none").flatten(1).mean(dim=1)

    def output_error(self, outputs: Outputs, batch: Batch) -> Scalar:
        # In interquartile ranges, as the tables have it.
        return (outputs - batch["y"]).abs().mean() * (self.shape.target_std / self.shape.target_iqr)


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> Regress:
    if fit.label_smoothing:
        raise ValueError("fit.label_smoothing: is for tasks with classes, and regress has none")
    return Regress(net, fit, shape)


def targets(examples: Examples, shape: DataSpec) -> dict[str, np.ndarray]:
    """Return the standardized target, (example, 1)."""
    y = (examples.y - shape.target_mean) / shape.target_std
    return {"y": y.astype(np.float32)[:, None]}


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> Batch:
    """Draw a batch like the data's, for the contract tests."""
    x = torch.from_numpy(rng.normal(size=(n, *shape.inputs)).astype(np.float32))
    y = rng.normal(size=(n, 1))
    return {"x": x, "y": torch.from_numpy(((y - y.mean()) / y.std()).astype(np.float32))}


def initial_loss(_shape: DataSpec) -> float:
    """Return the loss of predicting the mean: the variance of the target, here 1."""
    return 1.0
