"""Regression by squared error, in standard deviations of the target.

Source: Ng, MLS C1 W1-W2; the course's cost is half of this one.
"""

import numpy as np
import pytorch_lightning as L
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.schema import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.training.metric_accumulator import MetricAccumulator
from foursplit.training.optimizer import optimizer

Inputs = Float[Tensor, "batch ..."]
Targets = Float[Tensor, "batch 1"]

CONTRACTS = (
    "initial_loss",
    "overfits_one_batch",
    "all_parameters_update",
    "deterministic",
    "save_load_roundtrip",
)
"""The contract tests that apply to every model of this task."""


class Regress(L.LightningModule):
    """Train any `net` that maps a batch to (batch, 1), the target less its mean, in deviations."""

    def __init__(self, net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> None:
        super().__init__()
        self.net, self.fit, self.shape = net, fit, shape
        self.metrics = MetricAccumulator()

    def forward(self, x: Inputs) -> Float[Tensor, "batch 1"]:
        return self.net(x)

    def loss(self, x: Inputs, y: Targets) -> Float[Tensor, ""]:
        """Mean squared error; needs no Trainer, so tests can call it."""
        return F.mse_loss(self(x), y)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Float[Tensor, ""]:
        loss = self.loss(*batch)
        self.metrics.add("train", loss=loss, n=len(batch[1]))
        return loss

    def validation_step(
        self, batch: tuple[Tensor, Tensor], batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        x, y = batch
        y_hat = self(x)
        # In interquartile ranges, as the tables have it.
        error = (y_hat - y).abs().mean() * (self.shape.target_std / self.shape.target_iqr)
        self.metrics.add_validation(
            dataloader_idx, loss=F.mse_loss(y_hat, y), error=error, n=len(y)
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return optimizer(self.net, self.fit)


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
