"""What happens around Lightning's loop: curves, progress, resume state."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as L
import torch

from foursplit.training.checkpoint import seed_epoch

SAVE_EVERY_S = 10.0  # what an interruption costs at most, and no more than a few per cent to save

Row = dict[str, float]
"""One line of the learning curves: `epoch`, `train_loss`, `dev_error`, …"""


class Curves(L.Callback):
    """Collect one row per evaluated epoch and pass it to the listeners."""

    def __init__(
        self, listeners: tuple[Callable[[Row], None], ...] = (), first_epoch: int = 0
    ) -> None:
        self.rows: list[Row] = []
        self.listeners, self.first_epoch = listeners, first_epoch

    # Lightning runs validation inside the training epoch, so both means are complete here.
    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: Any) -> None:
        means = self.means(trainer, pl_module)
        row = {"epoch": float(self.first_epoch + self.n_epochs(trainer, pl_module)), **means}
        if "dev_loss" not in means and self.rows:
            return  # an epoch without validation
        self.rows.append(row)
        for listener in self.listeners:
            listener(row)

    def n_epochs(self, trainer: L.Trainer, pl_module: Any) -> int:
        """Return how many epochs lie behind."""
        n: int = pl_module.n_epochs
        return n

    def means(self, trainer: L.Trainer, pl_module: Any) -> Row:
        """Return the means of the epoch that ends."""
        means: Row = pl_module.task.metrics.compute_and_reset()
        return means

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = state_dict["rows"]


class SaveState(L.Callback):
    """Save a checkpoint outside the DVC graph, at most every few seconds."""

    def __init__(self, path: Path, every_s: float = SAVE_EVERY_S) -> None:
        self.path, self.every_s, self.last = path, every_s, time.monotonic()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: Any) -> None:
        if time.monotonic() - self.last >= self.every_s:
            trainer.save_checkpoint(self.path)
            self.last = time.monotonic()


class SaveSteps(SaveState):
    """Save a checkpoint in the middle of an epoch too, after a step of the optimizer."""

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        is_last = batch_idx + 1 == trainer.num_training_batches  # saved at the epoch's end
        has_stepped = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if has_stepped and not is_last and time.monotonic() - self.last >= self.every_s:
            trainer.save_checkpoint(self.path)
            self.last = time.monotonic()


class SeedEpochs(L.Callback):
    """Set torch's generators as each epoch begins, so that its draws depend on it alone.

    Training that is resumed in the middle of an epoch goes on with the generator's state.
    """

    def __init__(self, seed: int, first_epoch: int = 0) -> None:
        self.seed, self.first_epoch = seed, first_epoch
        self.resumed: torch.Tensor | None = None

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if self.resumed is not None:
            torch.set_rng_state(self.resumed)

    def state_dict(self) -> dict[str, Any]:
        return {"generator": torch.get_rng_state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.resumed = state_dict["generator"]

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        seed_epoch(self.seed, self.first_epoch + trainer.current_epoch)
