"""The Lightning module of tasks that compare one output per example with one target."""

from abc import ABC, abstractmethod

import pytorch_lightning as L
import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.config.schema import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.training.metric_accumulator import MetricAccumulator
from foursplit.training.optimizer import optimizer

Inputs = Float[Tensor, "batch ..."]
Outputs = Float[Tensor, "batch n_outputs"]
Scalar = Float[Tensor, ""]

CONTRACTS = (
    "initial_loss",
    "overfits_one_batch",
    "all_parameters_update",
    "deterministic",
    "save_load_roundtrip",
)
"""The contract tests that apply to every model of such a task."""


class SupervisedTask(L.LightningModule, ABC):
    """Train any `net` by the loss that a task defines on its outputs."""

    def __init__(self, net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> None:
        super().__init__()
        self.net, self.fit, self.shape = net, fit, shape
        self.metrics = MetricAccumulator()

    @abstractmethod
    def output_loss(self, outputs: Outputs, y: Tensor) -> Scalar:
        """Compute the mean loss of a batch."""

    @abstractmethod
    def output_error(self, outputs: Outputs, y: Tensor) -> Scalar:
        """Compute the mean error of a batch, as the prediction tables define it."""

    def forward(self, x: Inputs) -> Outputs:
        return self.net(x)

    def loss(self, x: Inputs, y: Tensor) -> Scalar:
        """Compute the mean loss of a batch; needs no Trainer, so tests can call it."""
        return self.output_loss(self(x), y)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Scalar:
        loss = self.loss(*batch)
        self.metrics.add("train", loss=loss, n=len(batch[1]))
        return loss

    def validation_step(
        self, batch: tuple[Tensor, Tensor], batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        x, y = batch
        outputs = self(x)
        self.metrics.add_validation(
            dataloader_idx,
            loss=self.output_loss(outputs, y),
            error=self.output_error(outputs, y),
            n=len(y),
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return optimizer(self.net, self.fit)
