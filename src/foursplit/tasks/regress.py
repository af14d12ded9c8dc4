"""Regression by squared error, in standard deviations of the target.

Source: Ng, MLS C1 W1-W2; the course's cost is half of this one.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.schema import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.training.supervised_task import CONTRACTS, Outputs, Scalar, SupervisedTask

__all__ = ["CONTRACTS", "initial_loss", "module", "random_batch", "targets"]

Targets = Float[Tensor, "batch 1"]


class Regress(SupervisedTask):
    """Train any `net` that maps a batch to (batch, 1), the target less its mean, in deviations."""

    def output_loss(self, outputs: Outputs, y: Targets) -> Scalar:
        return F.mse_loss(outputs, y)

    def output_error(self, outputs: Outputs, y: Targets) -> Scalar:
        # In interquartile ranges, as the tables have it.
        return (outputs - y).abs().mean() * (self.shape.target_std / self.shape.target_iqr)


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> Regress:
    return Regress(net, fit, shape)


def targets(y: np.ndarray, shape: DataSpec) -> Tensor:
    """Return the standardized target, (example, 1)."""
    return torch.from_numpy(((y - shape.target_mean) / shape.target_std).astype(np.float32))[
        :, None
    ]


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw a batch like the data's, for the contract tests."""
    x = torch.from_numpy(rng.normal(size=(n, *shape.inputs)).astype(np.float32))
    y = rng.normal(size=(n, 1))
    return x, torch.from_numpy(((y - y.mean()) / y.std()).astype(np.float32))


def initial_loss(_shape: DataSpec) -> float:
    """Return the loss of predicting the mean: the variance of the target, here 1."""
    return 1.0
