"""Train a network with Lightning: the engine of every model that is an nn.Module."""

import logging
import os
import shutil
import signal
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytorch_lightning as L
import torch
from pytorch_lightning.utilities.exceptions import SIGTERMException
from torch import Tensor, nn

from foursplit.config.schema import TrainerConfig
from foursplit.core.seeds import derive_seed
from foursplit.core.splits import Split
from foursplit.layers.standardize import adapting_inputs
from foursplit.training.augment import Augmenter
from foursplit.training.batches import Batches, EpochDataset
from foursplit.training.callbacks import SAVE_EVERY_S, Curves, Row, SaveState
from foursplit.training.checkpoint import SafetensorsCheckpointIO, is_complete
from foursplit.training.device import torch_device
from foursplit.training.epoch_blocks import EpochBlockModule, EpochBlocks
from foursplit.training.metric_accumulator import VALIDATION_SPLITS

Pair = tuple[Tensor, Tensor]
"""Inputs and targets, row by row."""

EVALUATION_BATCH = 4096  # examples measured at once


def build_with_seed(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Build a network whose first weights depend on `seed` alone."""
    torch.manual_seed(derive_seed("weights", seed))
    return build()


def fit_input_statistics(net: nn.Module, x: Tensor) -> None:
    """Let the network measure its inputs' means and deviations on train."""
    net.eval()
    with adapting_inputs(net):
        net(x)
    net.train()


def fit(  # noqa: PLR0913, one call a training run; all but three by name
    module: Any,
    train: Pair,
    validation: Mapping[Split, Pair],
    fit: TrainerConfig,
    *,
    seed: int,
    kind: Literal["cpu", "gpu"],
    state: Path,
    listeners: tuple[Callable[[Row], None], ...] = (),
) -> list[Row]:
    """Train `module` for `fit.max_epochs`; return the learning curves.

    Everything lies on the device from the start.  `state` is where an interrupted run left what
    is needed to go on; it is gone when training is complete.
    """
    device = torch_device(kind)
    on_device = {name: (x.to(device), y.to(device)) for name, (x, y) in validation.items()}
    x, y = (part.to(device) for part in train)
    fit_input_statistics(module.net.to(device), x)
    curves = Curves(listeners)
    blocks = EpochBlocks.of(fit.max_epochs)
    trainer = make_trainer(blocks, kind, (curves, SaveState(state, _every_s())))
    in_blocks = EpochBlockModule(module, blocks, seed)
    loader = Batches(
        x,
        y,
        size=fit.batch_size,
        seed=seed,
        epoch=lambda: in_blocks.epoch,
        change=Augmenter(fit.augment, x) if fit.augment else None,
    )
    try:
        trainer.fit(
            in_blocks,
            EpochDataset(loader),
            [Batches(*on_device[name], size=EVALUATION_BATCH) for name in VALIDATION_SPLITS],
            ckpt_path=state if is_complete(state) else None,
        )
    except SIGTERMException as ended:
        # Lightning's own says 0, as if all were done.
        raise SystemExit(128 + signal.SIGTERM) from ended
    shutil.rmtree(state, ignore_errors=True)
    module.cpu()
    return curves.rows


def make_trainer(
    blocks: EpochBlocks, kind: Literal["cpu", "gpu"], callbacks: tuple[L.Callback, ...]
) -> L.Trainer:
    """Configure Lightning: nothing written, nothing printed, nothing in the way of a small step."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    # Our loaders cut tensors that lie on the device: workers would only copy them.
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    # Lightning 2.6.6 asks torch 2.13 a question whose wording torch has since changed.
    warnings.filterwarnings("ignore", message=r".*isinstance\(treespec, LeafSpec\).*")
    return L.Trainer(
        accelerator=kind,
        devices=1,
        max_epochs=len(blocks),
        num_sanity_val_steps=0,
        callbacks=list(callbacks),
        plugins=[SafetensorsCheckpointIO()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        deterministic=True,
    )


def _every_s() -> float:
    return float(os.environ.get("FOURSPLIT_SAVE_EVERY_S", SAVE_EVERY_S))


def as_tensor(x: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))
