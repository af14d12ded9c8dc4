"""The plain lane of training: Lightning's own loop, with all its hooks, settings and callbacks.

It costs some milliseconds a step, which a large network does not feel (benchmarks/training.py);
small ones take `epoch_blocks`.  Order of batches and draws are the same in both, and so the curves
agree within rounding.
"""

import inspect
from collections.abc import Iterator
from typing import Any

import pytorch_lightning as L
import torch
from pytorch_lightning.callbacks import EarlyStopping, EMAWeightAveraging
from torch import nn

from foursplit.config.fit import TrainerConfig
from foursplit.training.batches import Batch, Stream
from foursplit.training.callbacks import Curves, Row
from foursplit.training.metric_accumulator import VALIDATION_SPLITS
from foursplit.training.optimizer import lr_scheduler


class StepwiseModule(L.LightningModule):
    """Train a task step by step with automatic optimization; metrics go where callbacks look.

    `callback_metrics` has `train_loss`, `dev_loss`, `dev_error`, … , so that EarlyStopping and
    ModelCheckpoint find what they monitor.
    """

    def __init__(self, task: Any, steps_per_epoch: int) -> None:
        super().__init__()
        self.task, self.steps_per_epoch = task, steps_per_epoch

    def forward(self, batch: Any) -> Any:
        return self.task(batch)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        return self.task.training_step(batch, batch_idx)

    def validation_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        self.task.validation_step(batch, batch_idx, dataloader_idx)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["metrics"] = self.task.metrics.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.task.metrics.load_state_dict(checkpoint["metrics"])

    def on_validation_epoch_end(self) -> None:
        self.log_dict(self.task.metrics.compute(VALIDATION_SPLITS), sync_dist=True)

    def configure_optimizers(self) -> Any:
        steps: torch.optim.Optimizer = self.task.configure_optimizers()
        schedule = lr_scheduler(steps, self.task.fit, self.steps_per_epoch)
        if schedule is None:
            return steps
        interval = self.task.fit.lr_scheduler.interval
        return {
            "optimizer": steps,
            "lr_scheduler": {"scheduler": schedule, "interval": interval},
        }


class OwnModule(nn.Module):
    """A LightningModule of the user's as a function of a batch by name."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, batch: Batch) -> Any:
        return self.module(batch["x"])


class Tuples:
    """The batches of a stream as (x, y), which most LightningModules expect."""

    def __init__(self, batches: Stream) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for batch in self.batches:
            yield batch["x"], batch["y"]

    def state_dict(self) -> dict[str, int]:
        return self.batches.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.batches.load_state_dict(state)


def validation_loaders(module: L.LightningModule, watched: list[Stream]) -> list[Tuples]:
    """Return the loaders of train-dev and dev, or of dev alone where a module knows one only."""
    several = "dataloader_idx" in inspect.signature(module.validation_step).parameters
    return [Tuples(stream) for stream in (watched if several else watched[-1:])]


def curve_name(name: str) -> str:
    """Return a logged metric's name in the curves: Lightning's `val` is dev, or train-dev."""
    base, _, loader = name.partition("/dataloader_idx_")
    if not base.startswith("val"):
        return base
    split = VALIDATION_SPLITS[int(loader)] if loader else "dev"
    return split + base.removeprefix("validation").removeprefix("val")


class StepwiseCurves(Curves):
    """Collect the curves of Lightning's own loop, whose modules may log what they like."""

    def n_epochs(self, trainer: L.Trainer, pl_module: Any) -> int:
        return trainer.current_epoch + 1

    def means(self, trainer: L.Trainer, pl_module: Any) -> Row:
        if not isinstance(pl_module, StepwiseModule):  # a module of the user's
            metrics = trainer.callback_metrics
            return {curve_name(name): float(value) for name, value in metrics.items()}
        means = pl_module.task.metrics.compute_and_reset(over_processes=trainer.world_size > 1)
        for name, value in means.items():
            if name.startswith("train_") and not name.startswith("train_dev_"):
                pl_module.log(name, value, sync_dist=True)
        return means


class OnDeviceStream:
    """Move each batch of a stream to the device, as often as it is gone through."""

    def __init__(self, batches: Stream, device: torch.device) -> None:
        self.batches, self.device = batches, device

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.batches:
            yield {name: values.to(self.device) for name, values in batch.items()}


def settings(fit: TrainerConfig, validation_interval: int) -> dict[str, Any]:
    """Return the Trainer's arguments that a `fit` block asks for."""
    return {
        "max_epochs": fit.max_epochs,
        "max_steps": fit.max_steps or -1,
        "check_val_every_n_epoch": validation_interval,
        "gradient_clip_val": fit.gradient_clip_val,
        "gradient_clip_algorithm": fit.gradient_clip_algorithm,
        "accumulate_grad_batches": fit.accumulate_grad_batches,
        "precision": fit.precision,
        "use_distributed_sampler": False,  # `Stream` divides the batches
    }


def callbacks(fit: TrainerConfig) -> list[L.Callback]:
    """Return Lightning's callbacks that a `fit` block asks for."""
    asked: list[L.Callback] = []
    stop = fit.early_stopping
    if stop is not None:
        asked.append(
            EarlyStopping(
                "dev_loss", min_delta=stop.min_delta, patience=stop.patience,
                check_on_train_epoch_end=False,
            )
        )  # fmt: skip
    if fit.ema_decay:
        asked.append(EMAWeightAveraging(decay=fit.ema_decay))
    return asked
