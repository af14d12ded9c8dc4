"""Train one network with several seeds at once, as a batch of networks.

Each seed has its own first weights, order of batches, dropout and augmentation, the same as alone.
Sums are added in another order, so that weights agree within rounding and not to the byte.  The
seeds share no arithmetic: one that diverges leaves the others as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pytorch_lightning as L
import torch
from torch import Tensor, nn

from foursplit.core.seeds import derive_seed, generator
from foursplit.training import network
from foursplit.training.batches import Batch, Batches, EpochDataset, OnDevice, to_inputs
from foursplit.training.callbacks import Row, SaveState
from foursplit.training.epoch_blocks import EpochBlockModule, EpochBlocks
from foursplit.training.input_statistics import fit_input_statistics
from foursplit.training.metric_accumulator import (
    VALIDATION_SPLITS,
    MetricAccumulator,
    weighted_mean,
)
from foursplit.training.optimizer import optimizer
from foursplit.training.stacked_network import StackedNetwork, can_stack
from foursplit.training.supervised_task import SupervisedTask

Listener = Callable[[list[Row]], None]
"""Receives a row for each seed."""


STEPS = ("forward", "loss", "training_step", "validation_step", "configure_optimizers")
"""What a task may not do in its own way for its networks to be trained at once."""


def can_batch(module: nn.Module) -> bool:
    """Return whether networks of this kind can be trained at once; `module` is a task's."""
    return (
        isinstance(module, SupervisedTask)
        and all(getattr(type(module), name) is getattr(SupervisedTask, name) for name in STEPS)
        and can_stack(module.net)
    )


def fit_batch(
    trainings: Sequence[network.Training], at_once: int, listeners: tuple[Listener, ...] = ()
) -> list[list[Row]]:
    """Train all for `fit.max_epochs`; return the learning curves of each.

    They differ by seed, first weights and listeners alone.  `at_once` examples of each are
    evaluated at once.  The state of an interrupted run, in the first one's `state`, stays when
    training is complete: it is the caller's to remove when the weights are written.
    """
    first = trainings[0]
    fit, device, scale = first.fit, torch.device("cpu"), first.scale
    learnt = OnDevice(first.train, device)
    fit_input_statistics(first.module, Batches(learnt, size=None, scale=scale))
    nets = [training.module.net for training in trainings]
    for net in nets[1:]:  # those of the inputs, which are the same
        for own, measured in zip(net.buffers(), nets[0].buffers(), strict=True):
            own.copy_(measured)
    task = SeedBatchTask(first.module, nets)
    loader = SeedBatches(
        [
            Batches(
                learnt, size=fit.batch_size, seed=training.seed, epoch=lambda: in_blocks.epoch,
                change=training.change(), scale=scale,
            )
            for training in trainings
        ],
        task.net,
        at_once,
    )  # fmt: skip
    blocks = EpochBlocks.of(fit.max_epochs)
    in_blocks = SeedBatchModule(task, blocks, [t.seed for t in trainings], len(loader))
    evaluated = []
    for name in VALIDATION_SPLITS:
        split = OnDevice(first.validation[name], device)
        _preprocess(split, task.net, scale, at_once)
        evaluated.append(Batches(split, size=at_once))
    curves = SeedBatchCurves([training.listeners for training in trainings], listeners)
    save = SaveState(first.state, network.save_every_s())
    task.train()
    trainer = network.make_trainer("cpu", (curves, save), max_epochs=len(blocks))
    network.run_trainer(trainer, in_blocks, first.state, EpochDataset(cast(Any, loader)), evaluated)
    task.net.copy_to(nets)
    return curves.rows


def _preprocess(split: OnDevice, net: StackedNetwork, scale: float, at_once: int) -> None:
    """Replace inputs by what the layers in front make of them: the same in every epoch."""
    x = to_inputs({"x": split.dense["x"]}, scale)["x"]
    with torch.no_grad():
        split.dense["x"] = torch.cat([net.preprocess(part) for part in torch.split(x, at_once)])


class SeedBatches:
    """Yield batches of (seed, example, …): of each seed the batches that it has alone."""

    def __init__(self, of_seeds: Sequence[Batches], net: StackedNetwork, at_once: int) -> None:
        self.of_seeds, self.net = of_seeds, net
        self.first = of_seeds[0]
        if self.first.change is None:
            _preprocess(self.first.split, net, self.first.scale, at_once)

    def __len__(self) -> int:
        return len(self.first)

    def __iter__(self) -> Iterator[Batch]:
        if self.first.change is not None:
            yield from self._changed()
        elif len(self) == 1:
            n = len(self.of_seeds)
            dense = self.first.split.dense
            yield {name: values.expand(n, *values.shape) for name, values in dense.items()}
        else:
            yield from self._chosen()

    def _chosen(self) -> Iterator[Batch]:
        """Cut the batches of all seeds in one go, in each one's own order."""
        arrays, n, epoch = self.first.split.dense, len(self.first.split), self.first.epoch()
        orders = [generator("batches", b.seed, epoch).permutation(n) for b in self.of_seeds]
        for chosen in torch.split(torch.from_numpy(np.stack(orders)), self.first.size, dim=1):
            rows = chosen.flatten()
            yield {
                name: values.index_select(0, rows).view(*chosen.shape, *values.shape[1:])
                for name, values in arrays.items()
            }

    def _changed(self) -> Iterator[Batch]:
        """Stack the augmented batches of each seed, whose draws come after those of its order."""
        for batches in zip(*self.of_seeds, strict=True):
            batch = {name: torch.stack([b[name] for b in batches]) for name in batches[0]}
            x = batch["x"]
            inputs = self.net.preprocess(x.flatten(0, 1))
            batch["x"] = inputs.view(*x.shape[:2], *inputs.shape[1:])
            yield batch


class SeedMetrics(MetricAccumulator):
    """Means of each seed; what is added has one axis, (seed,)."""

    def compute_and_reset_by_seed(self) -> list[Row]:
        """Return `<split>_<name>` means of each seed since the last call."""
        added, self._added = self._added, {}
        means = {
            key: [weighted_mean(of_seed, counts) for of_seed in torch.stack(values, dim=1)]
            for key, (values, counts) in added.items()
        }
        return [dict(zip(means, row, strict=True)) for row in zip(*means.values(), strict=True)]


class SeedBatchTask(nn.Module):
    """A task over the networks of all seeds; the loss is the sum of theirs."""

    def __init__(self, task: SupervisedTask, nets: Sequence[nn.Module]) -> None:
        super().__init__()
        self.net, self.fit, self.metrics = StackedNetwork(nets), task.fit, SeedMetrics()
        # Not a submodule: its own network is not the one that learns.
        self._of_one = (task,)
        self.losses = task.output_losses if has_own_losses(task) else self._losses_one_by_one

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        self._of_one[0].training = self.training
        losses = self.losses(self.net(batch["x"]), batch)
        self.metrics.add("train", loss=losses, n=batch["x"].shape[1])
        return losses.sum()

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        (task,) = self._of_one
        task.training = self.training
        n = len(self.net.generators)
        each = list(self.net(batch["x"].expand(n, *batch["x"].shape)))
        self.metrics.add_validation(
            dataloader_idx,
            loss=torch.stack([task.output_loss(outputs, batch) for outputs in each]),
            error=torch.stack([task.output_error(outputs, batch) for outputs in each]),
            n=len(batch["x"]),
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return optimizer(self.net, self.fit)

    def _losses_one_by_one(self, outputs: Tensor, batch: Batch) -> Tensor:
        (task,) = self._of_one
        parts = [{name: values[n] for name, values in batch.items()} for n in range(len(outputs))]
        return torch.stack([task.output_loss(*pair) for pair in zip(outputs, parts, strict=True)])


def has_own_losses(task: SupervisedTask) -> bool:
    """Return whether the class that defines the loss of a batch defines that of several too."""
    definer = next(cls for cls in type(task).__mro__ if "output_loss" in vars(cls))
    return "output_losses" in vars(definer)


class SeedBatchModule(EpochBlockModule):
    """Blocks of epochs in which every seed draws and clips as it does alone."""

    def __init__(
        self, task: SeedBatchTask, blocks: EpochBlocks, seeds: Sequence[int], steps_per_epoch: int
    ) -> None:
        super().__init__(task, blocks, seeds[0], steps_per_epoch)
        self.seeds = seeds
        limit = task.fit.gradient_clip_val
        if limit is not None and task.fit.gradient_clip_algorithm == "norm":
            self.clip = lambda parameters: clip_norms(parameters, limit, len(seeds))

    def begin_epoch(self, epoch: int) -> None:
        self.epoch = epoch
        for seed, draws in zip(self.seeds, self.task.net.generators, strict=True):
            draws.manual_seed(derive_seed("epoch", seed, epoch))


def clip_norms(parameters: Iterable[Tensor], limit: float, n_seeds: int) -> None:
    """Scale the gradients of each seed so that their norm is at most `limit`."""
    parts = [p.grad.view(n_seeds, -1) for p in parameters if p.grad is not None]
    norms = torch.stack([torch.linalg.vector_norm(part, dim=1) for part in parts])
    factors = (limit / (torch.linalg.vector_norm(norms, dim=0) + 1e-6)).clamp(max=1.0)
    for part in parts:
        part.mul_(factors[:, None])


class SeedBatchCurves(L.Callback):
    """Collect a row for each seed and evaluated epoch; pass it to the seed's listeners."""

    def __init__(
        self,
        listeners: Sequence[tuple[Callable[[Row], None], ...]],
        of_all: tuple[Listener, ...] = (),
    ) -> None:
        self.rows: list[list[Row]] = [[] for _ in listeners]
        self.listeners, self.of_all = listeners, of_all

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: Any) -> None:
        means = pl_module.task.metrics.compute_and_reset_by_seed()
        rows = [{"epoch": float(pl_module.n_epochs), **row} for row in means]
        if "dev_loss" not in rows[0] and self.rows[0]:
            return  # an epoch without validation
        for row, rows_before, listeners in zip(rows, self.rows, self.listeners, strict=True):
            rows_before.append(row)
            for listener in listeners:
                listener(row)
        for follow in self.of_all:
            follow(rows)

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        self.rows = state_dict["rows"]
