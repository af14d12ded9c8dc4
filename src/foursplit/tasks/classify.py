"""Multiclass classification by softmax and cross-entropy.

Source: Ng, DLS C2 W3 (softmax regression).
"""

from math import log

import numpy as np
import pytorch_lightning as L
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.schema import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.training.metric_accumulator import MetricAccumulator
from foursplit.training.optimizer import optimizer

Inputs = Float[Tensor, "batch ..."]
Labels = Int[Tensor, " batch"]

CONTRACTS = (
    "initial_loss",
    "overfits_one_batch",
    "all_parameters_update",
    "deterministic",
    "save_load_roundtrip",
)
"""The contract tests that apply to every model of this task."""


class Classify(L.LightningModule):
    """Train any `net` that maps a batch to (batch, class) logits by cross-entropy, in nats."""

    def __init__(self, net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> None:
        super().__init__()
        self.net, self.fit, self.shape = net, fit, shape
        self.metrics = MetricAccumulator()

    def forward(self, x: Inputs) -> Float[Tensor, "batch n_classes"]:
        return self.net(x)

    def loss(self, x: Inputs, y: Labels) -> Float[Tensor, ""]:
        """Mean cross-entropy; needs no Trainer, so tests can call it."""
        return F.cross_entropy(self(x), y)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Float[Tensor, ""]:
        loss = self.loss(*batch)
        self.metrics.add("train", loss=loss, n=len(batch[1]))
        return loss

    def validation_step(
        self, batch: tuple[Tensor, Tensor], batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        x, y = batch
        logits = self(x)
        error = (logits.argmax(dim=1) != y).float().mean()
        self.metrics.add_validation(
            dataloader_idx, loss=F.cross_entropy(logits, y), error=error, n=len(y)
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return optimizer(self.net, self.fit)


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> Classify:
    return Classify(net, fit, shape)


def targets(y: np.ndarray, _shape: DataSpec) -> Tensor:
    """Return the class numbers as a tensor."""
    return torch.from_numpy(y.astype(np.int64))


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw a batch like the data's, for the contract tests."""
    x = torch.from_numpy(rng.normal(size=(n, *shape.inputs)).astype(np.float32))
    return x, torch.from_numpy(rng.integers(0, shape.n_classes, n))


def initial_loss(shape: DataSpec) -> float:
    """Return the loss of a uniform guess."""
    return log(shape.n_classes)
