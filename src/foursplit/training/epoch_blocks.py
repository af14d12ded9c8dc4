"""The fast lane of training: all epochs between two validations in one call of Lightning's.

Lightning runs some forty hooks around each call, which can cost more than a small network's step
(benchmarks/training.py measures both).  So it is called once a block of epochs, not once a step;
the steps themselves, validation, resume state and signals stay its own or the task's.
"""

from dataclasses import dataclass
from typing import Any

import pytorch_lightning as L
import torch
from pytorch_lightning.utilities.exceptions import SIGTERMException

from foursplit.training.batches import Batch, Batches
from foursplit.training.checkpoint import seed_epoch
from foursplit.training.optimizer import clipper, lr_scheduler

MAX_POINTS = 60  # of a curve: more cannot be seen, and each costs two passes


def validation_interval(max_epochs: int) -> int:
    """Return the epochs between two validations."""
    return max(1, max_epochs // MAX_POINTS)


@dataclass(frozen=True, slots=True)
class EpochBlocks:
    """The epochs of a training, cut into blocks; Lightning takes a block for an epoch.

    `ends` are the numbers of the blocks' last epochs, counted from 1.
    """

    ends: tuple[int, ...]
    validation_interval: int  # in epochs

    @classmethod
    def of(cls, max_epochs: int) -> "EpochBlocks":
        """Cut `max_epochs` after the first epoch, at each validation and at the end."""
        interval = validation_interval(max_epochs)
        return cls((*sorted({1, *range(interval, max_epochs, interval), max_epochs}),), interval)

    def __len__(self) -> int:
        return len(self.ends)

    def epochs(self, block: int) -> range:
        """Return the epochs of a block, counted from 0."""
        return range(self.ends[block - 1] if block else 0, self.ends[block])

    def is_validated(self, block: int) -> bool:
        return self.ends[block] % self.validation_interval == 0


class EpochBlockModule(L.LightningModule):
    """Take all steps of a block of epochs in one call of Lightning's; leave the rest to `task`.

    Order of batches and draws (dropout) depend on `seed` and epoch alone.
    """

    def __init__(
        self, task: Any, blocks: EpochBlocks, seed: int, steps_per_epoch: int, first_epoch: int = 0
    ) -> None:
        super().__init__()
        self.task, self.blocks, self.seed = task, blocks, seed
        self.steps_per_epoch, self.first_epoch = steps_per_epoch, first_epoch
        self.clip = clipper(task.fit)
        self.epoch = 0  # of the batches in training, counted from 0
        self.automatic_optimization = False

    @property
    def n_epochs(self) -> int:
        """Return how many epochs lie behind at the end of the present block."""
        return self.blocks.ends[self.trainer.current_epoch]

    def training_step(self, batches: Batches, batch_idx: int) -> None:
        optimizer, trainer, task = self.optimizers(use_pl_optimizer=False), self.trainer, self.task
        assert isinstance(optimizer, torch.optim.Optimizer)
        # Looked up once: nn.Module searches three dictionaries for each name.
        training_step, metrics, clip = task.training_step, task.metrics, self.clip
        scheduler, by_step = self._scheduler()
        parameters = list(task.net.parameters())
        for epoch in self.blocks.epochs(trainer.current_epoch):
            self.begin_epoch(epoch)
            metrics.reset()  # a row of the curves has the means of one epoch
            for index, batch in enumerate(batches):
                if trainer.received_sigterm:  # Lightning itself asks only between its calls
                    raise SIGTERMException
                optimizer.zero_grad()
                loss = training_step(batch, index)
                loss.backward()
                if clip is not None:
                    clip(parameters)
                optimizer.step()
                if by_step:
                    scheduler.step()
            if scheduler is not None and not by_step:
                scheduler.step()

    def begin_epoch(self, epoch: int) -> None:
        """Set the epoch of the batches, and what is drawn in it."""
        object.__setattr__(self, "epoch", epoch)  # nn.Module's own takes as long as a small layer
        seed_epoch(self.seed, self.first_epoch + epoch)

    def _scheduler(self) -> tuple[Any, bool]:
        """Return the schedule of the learning rate, and whether it advances with each step."""
        schedule = self.task.fit.lr_scheduler
        if schedule is None:
            return None, False
        return self.lr_schedulers(), schedule.interval == "step"

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        if self.blocks.is_validated(self.trainer.current_epoch):
            self.task.validation_step(batch, batch_idx, dataloader_idx)

    def configure_optimizers(self) -> Any:
        optimizer: torch.optim.Optimizer = self.task.configure_optimizers()
        schedule = lr_scheduler(optimizer, self.task.fit, self.steps_per_epoch)
        if schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": schedule}
