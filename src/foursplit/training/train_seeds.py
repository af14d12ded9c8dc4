"""Train a model with all seeds of its experiment at once, where model and settings allow it."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit.config.fit import TrainerConfig
from foursplit.core.arrays import Ragged
from foursplit.io import artifacts, own_curves
from foursplit.training import train
from foursplit.training.callbacks import Row
from foursplit.training.manifest import Manifest
from foursplit.training.progress import SeedBatchProgress
from foursplit.training.train import Job, Listener, Network

MIN_SEEDS = 8
"""Seeds from which on `fit.batch_seeds: auto` trains them at once.

From two on it is faster. Below eight the bytes are those of each seed alone, as in the published
tables; the spread over seeds, which needs ten and more, is the same either way.
"""

KNOWN_SETTINGS = frozenset(
    {
        "seeds", "learning_rate", "max_epochs", "batch_size", "optimizer", "momentum",
        "weight_decay", "augment", "nesterov", "betas", "alpha", "lr_scheduler",
        "gradient_clip_val", "gradient_clip_algorithm", "label_smoothing", "loop", "batch_seeds",
        "preprocess",
    }
)  # fmt: skip
"""The settings that mean the same for a batch of networks as for one; with another: alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedBatch:
    """What is to be trained at once: a job, and the first seed's network."""

    job: Job
    fit: TrainerConfig
    first: Network


def prepare(job: Job) -> SeedBatch | None:
    """Return what to train at once; None where the seeds are to be trained one by one."""
    fit = job.experiment.fit
    if not isinstance(fit, TrainerConfig) or not is_wanted(fit):
        return None
    first = train.prepare_network(job, fit, fit.seeds[0])
    return SeedBatch(job=job, fit=fit, first=first) if _is_possible(first, fit) else None


def is_wanted(fit: TrainerConfig) -> bool:
    """Return whether the settings ask for seeds at once, and have nothing that prevents it."""
    least = {"auto": MIN_SEEDS, "always": 2}.get(fit.batch_seeds)
    return least is not None and len(fit.seeds) >= least and set(fit.changed()) <= KNOWN_SETTINGS


def _is_possible(first: Network, fit: TrainerConfig) -> bool:
    from foursplit.training.forward_cost import MAX_BYTES
    from foursplit.training.seed_batch import can_batch

    arrays = [
        array for split in (first.train, *first.validation.values()) for array in split.values()
    ]
    n_train = len(first.train["x"])
    n_examples = len(fit.seeds) * min(fit.batch_size or n_train, n_train)
    return (
        first.loop == "fast"
        and first.kind == "cpu"
        and not first.callbacks
        and first.datamodule is None
        and not any(isinstance(array, Ragged) for array in arrays)
        and first.cost.largest_layer * n_examples <= MAX_BYTES
        and can_batch(first.module)
    )


def train_seeds(
    batch: SeedBatch, folders: Mapping[int, Path], listeners: Mapping[int, tuple[Listener, ...]]
) -> Manifest:
    """Write the folder of each seed as `train.train` does; return the last one's manifest."""
    from foursplit.training import device, network, seed_batch

    job, fit, first = batch.job, batch.fit, batch.first
    state = train.resume_path(job, fit.seeds[0], f"{device.name(first.kind)}, all seeds at once")
    modules = [first.module]
    modules += [train.build_module(job, fit, seed)[0] for seed in fit.seeds[1:]]
    trainings = [
        network.Training(
            module=module,
            train=first.train,
            validation=first.validation,
            fit=fit,
            seed=seed,
            kind=first.kind,
            state=state,
            listeners=listeners[seed],
            scale=first.scale,
        )
        for seed, module in zip(fit.seeds, modules, strict=True)
    ]
    progress = SeedBatchProgress(len(fit.seeds), fit.max_epochs)
    at_once = max(1, first.cost.examples_at_once // len(fit.seeds))
    curves = seed_batch.fit_batch(trainings, at_once, (progress,))
    progress.close()
    for training, rows in zip(trainings, curves, strict=True):
        result = _write(batch, folders[training.seed], training, rows)
    # Here and not before: a run that is killed while it writes goes on from its last state.
    shutil.rmtree(state, ignore_errors=True)
    return result


def _write(batch: SeedBatch, folder: Path, training: Any, rows: list[Row]) -> Manifest:
    first, net = batch.first, training.module.net
    with artifacts.atomic_directory(folder) as output:
        cost = (first.kind, first.cost.flops)
        own_curves.write(output, training.module, net)
        result = train.write_network(batch.job, output, net, training.seed, rows, cost)
        train.save_manifest(batch.job, output, result)
    return result
