"""Train a network with Lightning: the engine of every model that is an nn.Module."""

import logging
import os
import shutil
import signal
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytorch_lightning as L
import torch
from pytorch_lightning.utilities.exceptions import SIGTERMException

from foursplit.config.fit import TrainerConfig
from foursplit.core.arrays import is_mapped
from foursplit.core.errors import FoursplitError
from foursplit.core.splits import Split
from foursplit.training import lightning_loop
from foursplit.training.augment import change_of
from foursplit.training.batches import (
    Arrays,
    Batches,
    Change,
    EpochDataset,
    OnDevice,
    Stream,
    lengths_of,
    n_examples,
)
from foursplit.training.callbacks import (
    SAVE_EVERY_S,
    Curves,
    Row,
    SaveState,
    SaveSteps,
    SeedEpochs,
)
from foursplit.training.checkpoint import SafetensorsCheckpointIO, is_complete
from foursplit.training.class_batches import class_batches
from foursplit.training.device import torch_device
from foursplit.training.epoch_blocks import EpochBlockModule, EpochBlocks, validation_interval
from foursplit.training.forward_cost import forward_cost, longest_example
from foursplit.training.input_statistics import fit_input_statistics
from foursplit.training.lightning_loop import OnDeviceStream, StepwiseCurves, StepwiseModule
from foursplit.training.metric_accumulator import VALIDATION_SPLITS
from foursplit.training.phases import fit_in_phases, keep_frozen_statistics
from foursplit.training.supervised_task import SupervisedTask

MIN_LIGHTNING_FLOPS = 2_000_000_000
"""Operations forward in a step from which on Lightning's own loop costs next to nothing."""

Loop = Literal["fast", "lightning"]


def choose_loop(fit: TrainerConfig, flops: int, train: Arrays) -> Loop:
    """Return the loop that trains a network of `flops` an example forward."""
    if fit.loop != "auto":
        return fit.loop
    n = n_examples(train)
    is_large = flops * min(fit.batch_size or n, n) >= MIN_LIGHTNING_FLOPS
    mapped = any(map(is_mapped, train.values()))
    return "lightning" if is_large or mapped or fit.needs_lightning() else "fast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One training run: a task's module, its data, and what is to be done with them.

    `module` may be a LightningModule of the user's, for Lightning's own loop: it gets (x, y).
    `scale` is that of the data's spec, and `callbacks` are Lightning's.  `state` is where an
    interrupted run left what is needed to go on; it is gone when training is complete.
    `first_epoch` is the number of epochs in earlier phases: order and draws depend on it.
    """

    module: Any
    train: Arrays
    validation: Mapping[Split, Arrays]
    fit: TrainerConfig
    seed: int
    kind: Literal["cpu", "gpu"]
    state: Path
    listeners: tuple[Callable[[Row], None], ...] = ()
    scale: float = 1.0
    callbacks: tuple[L.Callback, ...] = ()
    first_epoch: int = 0  # epochs of the phases before
    datamodule: L.LightningDataModule | None = None  # the user's, for a module of the user's

    @property
    def is_own(self) -> bool:
        """Return whether the module is the user's and not a task's."""
        return not isinstance(self.module, SupervisedTask)

    @property
    def device(self) -> torch.device:
        return torch_device(self.kind)

    def change(self) -> Change | None:
        """Return what augmentation does to a batch of train, if there is any."""
        move_targets = None if self.is_own else self.module.move_targets
        return change_of(self.fit, self.train, self.scale, move_targets)


def fit(training: Training, loop: Loop = "fast") -> list[Row]:
    """Train for `fit.max_epochs`, phase by phase; return the learning curves."""
    if not training.fit.phases:
        return _fit(training, loop)
    if training.is_own:
        raise FoursplitError("fit.phases: is for tasks; a LightningModule of your own decides it")
    return fit_in_phases(training, lambda phase: _fit(phase, loop))


def _fit(training: Training, loop: Loop) -> list[Row]:
    module = training.module
    if training.datamodule is not None and not training.is_own:
        raise FoursplitError(
            "datamodule(): is for a LightningModule of your own; a task trains on the splits"
        )
    if training.fit.group_by_length:
        lengths_of(training.train)  # raises where there are none
    example = longest_example(training.train, training.scale)
    by_name = lightning_loop.OwnModule(module) if training.is_own else module
    cost = forward_cost(by_name.eval(), example)
    module.to(training.device)
    run = _fit_fast if loop == "fast" else _fit_lightning
    rows = run(training, cost.examples_at_once)
    shutil.rmtree(training.state, ignore_errors=True)
    module.cpu()
    return rows


def _fit_fast(training: Training, at_once: int) -> list[Row]:
    """Train with all data on the device, a block of epochs in each call of Lightning's."""
    module, fit, scale = training.module, training.fit, training.scale
    learnt = OnDevice(training.train, training.device)
    watched = [OnDevice(training.validation[name], training.device) for name in VALIDATION_SPLITS]
    fit_input_statistics(module, Batches(learnt, size=None, scale=scale))
    module.train()
    keep_frozen_statistics(module)
    first = training.first_epoch
    curves, blocks = Curves(training.listeners, first), EpochBlocks.of(fit.max_epochs)
    loader = Batches(
        learnt,
        size=fit.batch_size,
        seed=training.seed,
        epoch=lambda: first + in_blocks.epoch,
        change=training.change(),
        scale=scale,
        by_length=fit.group_by_length,
        by_class=class_batches(fit, training.train),
    )
    in_blocks = EpochBlockModule(module, blocks, training.seed, len(loader), first)
    evaluated = [Batches(split, size=at_once, scale=scale) for split in watched]
    trainer = make_trainer(
        training.kind,
        (curves, SaveState(training.state, save_every_s()), *training.callbacks),
        max_epochs=len(blocks),
    )
    run_trainer(trainer, in_blocks, training.state, EpochDataset(loader), evaluated)
    return curves.rows


def _fit_lightning(training: Training, at_once: int) -> list[Row]:
    """Train in Lightning's own loop, with batches streamed from arrays."""
    module, fit, scale = training.module, training.fit, training.scale
    measured = Stream(training.train, size=at_once, scale=scale)
    by_name = lightning_loop.OwnModule(module) if training.is_own else module
    fit_input_statistics(by_name, OnDeviceStream(measured, training.device))
    module.train()
    keep_frozen_statistics(module)
    first = training.first_epoch
    curves = StepwiseCurves(training.listeners, first)
    around = (SeedEpochs(training.seed, first), curves)
    # Last: what it saves is what the others have made of the step.
    save = SaveSteps(training.state, save_every_s())
    trainer = make_trainer(
        training.kind,
        (*around, *lightning_loop.callbacks(fit), *training.callbacks, save),
        **lightning_loop.settings(fit, validation_interval(fit.max_epochs)),
    )
    learnt = Stream(
        training.train,
        size=fit.batch_size,
        seed=training.seed,
        epoch=lambda: first + trainer.current_epoch,
        change=training.change(),
        scale=scale,
        by_length=fit.group_by_length,
        by_class=class_batches(fit, training.train),
        rank=trainer.global_rank,
        n_processes=trainer.world_size,
    )
    watched = [
        Stream(training.validation[name], size=at_once, scale=scale) for name in VALIDATION_SPLITS
    ]
    if training.datamodule is not None:
        run_trainer(trainer, module, training.state, datamodule=training.datamodule)
    elif training.is_own:
        own = lightning_loop.validation_loaders(module, watched)
        run_trainer(trainer, module, training.state, lightning_loop.Tuples(learnt), own)
    else:
        run_trainer(trainer, StepwiseModule(module, len(learnt)), training.state, learnt, watched)
    return curves.rows


def run_trainer(trainer: L.Trainer, module: Any, state: Path, *loaders: Any, **data: Any) -> None:
    """Train, from `state` on where it holds one; exit as a signal asks for."""
    data["ckpt_path"] = state if is_complete(state) else None
    try:
        trainer.fit(module, *loaders, **data)
    except SIGTERMException as ended:
        # Lightning's own says 0, as if all were done.
        raise SystemExit(128 + signal.SIGTERM) from ended


def make_trainer(
    kind: Literal["cpu", "gpu"],
    callbacks: tuple[L.Callback, ...],
    **settings: Any,
) -> L.Trainer:
    """Configure Lightning: nothing written, nothing printed, nothing in the way of a small step."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    # Our loaders cut batches from arrays at hand: workers would only copy them.
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    # Batch norms with frozen weights are meant to be in it.
    warnings.filterwarnings("ignore", message=r".*module\(s\) in eval mode at the start.*")
    # Lightning 2.6.6 asks torch 2.13 a question whose wording torch has since changed.
    warnings.filterwarnings("ignore", message=r".*isinstance\(treespec, LeafSpec\).*")
    n_processes = int(os.environ.get("WORLD_SIZE", "1"))  # set by torchrun
    return L.Trainer(
        accelerator=kind,
        devices=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
        num_nodes=n_processes // int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
        strategy="ddp" if n_processes > 1 else "auto",
        num_sanity_val_steps=0,
        callbacks=list(callbacks),
        plugins=[SafetensorsCheckpointIO()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        deterministic=True,
        **settings,
    )


def save_every_s() -> float:
    """Return the seconds between two saves of the resume state."""
    return float(os.environ.get("FOURSPLIT_SAVE_EVERY_S", SAVE_EVERY_S))
