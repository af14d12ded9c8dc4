"""Binary classification by sigmoid and logistic loss.

Source: Ng, MLS C1 W3 and DLS C1 W2.
"""

from math import log

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
Labels = Float[Tensor, "batch 1"]

CONTRACTS = (
    "initial_loss",
    "overfits_one_batch",
    "all_parameters_update",
    "deterministic",
    "save_load_roundtrip",
)
"""The contract tests that apply to every model of this task."""


class ClassifyBinary(L.LightningModule):
    """Train any `net` that maps a batch to (batch, 1) logits by the logistic loss, in nats."""

    def __init__(self, net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> None:
        super().__init__()
        self.net, self.fit, self.shape = net, fit, shape
        self.metrics = MetricAccumulator()

    def forward(self, x: Inputs) -> Float[Tensor, "batch 1"]:
        return self.net(x)

    def loss(self, x: Inputs, y: Labels) -> Float[Tensor, ""]:
        """Mean logistic loss from logits, which cannot overflow."""
        return F.binary_cross_entropy_with_logits(self(x), y)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Float[Tensor, ""]:
        loss = self.loss(*batch)
        self.metrics.add("train", loss=loss, n=len(batch[1]))
        return loss

    def validation_step(
        self, batch: tuple[Tensor, Tensor], batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        x, y = batch
        logits = self(x)
        loss = F.binary_cross_entropy_with_logits(logits, y)
        error = ((logits > 0).float() != y).float().mean()
        self.metrics.add_validation(dataloader_idx, loss=loss, error=error, n=len(y))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return optimizer(self.net, self.fit)


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> ClassifyBinary:
    if shape.n_classes != 2:
        raise ValueError(f"classes: {shape.classes} must be two for task classify_binary")
    return ClassifyBinary(net, fit, shape)


def targets(y: np.ndarray, _shape: DataSpec) -> Tensor:
    """Return the class numbers, (example, 1), 0 or 1."""
    return torch.from_numpy(y.astype(np.float32))[:, None]


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw a batch like the data's, for the contract tests."""
    x = torch.from_numpy(rng.normal(size=(n, *shape.inputs)).astype(np.float32))
    return x, torch.from_numpy(rng.integers(0, 2, (n, 1)).astype(np.float32))


def initial_loss(_shape: DataSpec) -> float:
    """Return the loss of a uniform guess."""
    return log(2)
