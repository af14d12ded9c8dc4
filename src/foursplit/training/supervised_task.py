"""The Lightning module of tasks that compare a network's outputs with targets."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pytorch_lightning as L
import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.config.fit import TrainerConfig
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.training.batches import Batch
from foursplit.training.metric_accumulator import MetricAccumulator
from foursplit.training.optimizer import optimizer

if TYPE_CHECKING:
    from foursplit.training.augment import Movement

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

    supports_mixup = False

    masks: tuple[str, ...] = ()
    """Arrays of a batch, (example, …, row, column), that name the class of each pixel of `x`."""

    points: tuple[str, ...] = ()
    """Arrays of a batch, (example, point, 2), with places in `x`: across and down in pixels."""

    def __init__(self, net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> None:
        super().__init__()
        if fit.mixup and not self.supports_mixup:
            raise FoursplitError("fit.mixup: is for task classify: it mixes classes")
        self.net, self.fit, self.shape = net, fit, shape
        self.metrics = MetricAccumulator()

    @abstractmethod
    def output_loss(self, outputs: Tensor, batch: Batch) -> Scalar:
        """Compute the mean loss of a batch."""

    def output_losses(
        self, outputs: Float[Tensor, "seed batch ..."], batch: Batch
    ) -> Float[Tensor, " seed"]:
        """Compute the mean loss of each seed's batch, (seed, example, …), in one go.

        Optional: `training.seed_batch` calls `output_loss` for each seed where the class that
        defines that one does not define this.
        """
        raise NotImplementedError

    @abstractmethod
    def output_error(self, outputs: Tensor, batch: Batch) -> Scalar:
        """Compute the mean error of a batch, as the prediction tables define it."""

    def move_targets(self, batch: Batch, movement: "Movement") -> Batch:
        """Move the targets that have a place in the picture with it: `masks` and `points`.

        Raises FoursplitError for an array as large as the picture that `masks` does not name.
        """
        picture = batch["x"].shape[-2:]
        for name, values in batch.items():
            if name not in ("x", *self.masks) and values.shape[-2:] == picture:
                raise FoursplitError(
                    f"fit.augment: {name!r} has the picture's rows and columns, and stays where it "
                    f"is when the picture moves. Name it in {type(self).__name__}.masks, or move "
                    "it in move_targets"
                )
        moved = {name: movement.sample_labels(batch[name]) for name in self.masks}
        moved |= {name: movement.move_points(batch[name]) for name in self.points}
        return {**batch, **moved}

    def forward(self, batch: Batch) -> Tensor:
        """Return what the network makes of a batch."""
        outputs: Tensor = self.net(batch["x"])
        return outputs

    def loss(self, batch: Batch) -> Scalar:
        """Compute the mean loss of a batch; needs no Trainer, so tests can call it."""
        return self.output_loss(self(batch), batch)

    def training_step(self, batch: Batch, batch_idx: int) -> Scalar:
        loss = self.loss(batch)
        weight = batch.get("loss_weight")  # with several processes alone
        if weight is None:
            self.metrics.add("train", loss=loss, n=len(batch["x"]))
            return loss
        self.metrics.add("train", loss=loss, n=len(batch["x"]) if float(weight) else 0)
        return loss * weight

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        outputs = self(batch)
        self.metrics.add_validation(
            dataloader_idx,
            loss=self.output_loss(outputs, batch),
            error=self.output_error(outputs, batch),
            n=len(batch["x"]),
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return optimizer(self.net, self.fit)
