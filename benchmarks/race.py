"""The engine and a loop written by hand, over the same model, batches, order and seed."""

import gc
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.core.seeds import generator
from foursplit.models import mlp
from foursplit.tasks import classify
from foursplit.training import device, initial_weights, lightning_loop, network
from foursplit.training.batches import Batch, Batches, EpochDataset, OnDevice, Stream
from foursplit.training.callbacks import Curves, SaveState, SaveSteps, SeedEpochs
from foursplit.training.epoch_blocks import EpochBlockModule, EpochBlocks, validation_interval
from foursplit.training.input_statistics import fit_input_statistics
from foursplit.training.lightning_loop import StepwiseCurves, StepwiseModule
from foursplit_courses.models import lenet

SEED = 1
LIMIT_S = 22.0  # for a case: on a busy machine fewer repeats, not a longer wait
CLASSES = tuple("0123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A model and the batches it is trained on."""

    build: Any  # models/<name>.py
    args: Any  # its Args
    inputs: tuple[int, int, int]
    batch_size: int
    n_steps: int  # in an epoch
    n_epochs: int  # timed: one more goes before, to warm up
    loop: network.Loop = "fast"

    @property
    def shape(self) -> DataSpec:
        return DataSpec(inputs=self.inputs, classes=CLASSES)

    @property
    def fit(self) -> TrainerConfig:
        return TrainerConfig(
            seeds=(SEED,),
            learning_rate=1e-3,
            max_epochs=1 + self.n_epochs,
            batch_size=self.batch_size,
        )


CASES: Mapping[str, Case] = {
    "small mlp": Case(
        build=mlp.build,
        args=mlp.Args(hidden=(64, 32)),
        inputs=(1, 8, 8),
        batch_size=64,
        n_steps=24,
        n_epochs=16,
    ),
    "lenet 8x8": Case(
        build=lenet.build,
        args=lenet.Args(),
        inputs=(1, 8, 8),
        batch_size=64,
        n_steps=24,
        n_epochs=8,
    ),
    "full batch": Case(
        build=mlp.build,
        args=mlp.Args(hidden=()),
        inputs=(1, 8, 8),
        batch_size=1536,
        n_steps=1,
        n_epochs=1000,
    ),
    "wide mlp": Case(
        build=mlp.build,
        args=mlp.Args(hidden=(1024, 1024)),
        inputs=(1, 28, 28),
        batch_size=256,
        n_steps=8,
        n_epochs=2,
    ),
    "mlp, Lightning": Case(
        build=mlp.build,
        args=mlp.Args(hidden=(512, 512)),
        inputs=(1, 28, 28),
        batch_size=128,
        n_steps=24,
        n_epochs=2,
        loop="lightning",
    ),
    "wide, Lightning": Case(
        build=mlp.build,
        args=mlp.Args(hidden=(1024, 1024)),
        inputs=(1, 28, 28),
        batch_size=256,
        n_steps=8,
        n_epochs=2,
        loop="lightning",
    ),
}
"""Three as small as the course's, and others whose step takes 20 ms or more on one core."""

LARGE: Mapping[str, Case] = {
    "large mlp": Case(
        build=mlp.build,
        args=mlp.Args(hidden=(4096, 4096)),
        inputs=(1, 32, 32),
        batch_size=4096,
        n_steps=16,
        n_epochs=2,
    ),
}
"""For a GPU, where a step of the others is over before the next is launched."""


class Clock:
    """Times at the borders of epochs, taken when the device has done all it was given."""

    def __init__(self, kind: Literal["cpu", "gpu"]) -> None:
        self.kind = kind
        self.borders: list[float] = []

    def mark(self) -> None:
        if self.kind == "gpu":
            torch.cuda.synchronize()
        self.borders.append(time.perf_counter())

    def seconds(self) -> float:
        """Give the time between the end of the first epoch, which warms up, and the last's."""
        return self.borders[-1] - self.borders[1]


class MarkedBatches(Batches):
    """Batches that mark the time at which each epoch begins."""

    mark: Callable[[], None]

    def __iter__(self) -> Iterator[Batch]:
        self.mark()
        return super().__iter__()


class MarkedStream(Stream):
    """The same, streamed.

    Lightning also asks for an iterator that it does not use, so the first batch sets the mark.
    """

    mark: Callable[[], None]

    def __iter__(self) -> Iterator[Batch]:
        self.mark()
        yield from super().__iter__()


def by_engine(net: nn.Module, x: Tensor, y: Tensor, fit: TrainerConfig, clock: Clock) -> None:
    """Train as `network.fit` does, without the validation that the loop does not do either."""
    with tempfile.TemporaryDirectory() as folder:
        shape, blocks = (
            DataSpec(inputs=tuple(x.shape[1:]), classes=CLASSES),
            EpochBlocks.of(fit.max_epochs),
        )
        callbacks = (Curves(), SaveState(Path(folder) / "state"))
        trainer = network.make_trainer(clock.kind, callbacks, max_epochs=len(blocks))
        split = OnDevice({"x": x.cpu().numpy(), "y": y.cpu().numpy()}, x.device)
        loader = MarkedBatches(split, size=fit.batch_size, seed=SEED, epoch=lambda: module.epoch)
        loader.mark = clock.mark
        module = EpochBlockModule(classify.module(net, fit, shape), blocks, SEED, len(loader))
        trainer.fit(module, EpochDataset(loader))
        clock.mark()


def by_lightning(net: nn.Module, x: Tensor, y: Tensor, fit: TrainerConfig, clock: Clock) -> None:
    """Train in Lightning's own loop, with batches from a DataLoader."""
    with tempfile.TemporaryDirectory() as folder:
        shape = DataSpec(inputs=tuple(x.shape[1:]), classes=CLASSES)
        around = (SeedEpochs(SEED), StepwiseCurves(), SaveSteps(Path(folder) / "state"))
        settings = lightning_loop.settings(fit, validation_interval(fit.max_epochs))
        trainer = network.make_trainer(clock.kind, around, **settings)
        arrays = {"x": x.cpu().numpy(), "y": y.cpu().numpy()}
        stream = MarkedStream(
            arrays, size=fit.batch_size, seed=SEED, epoch=lambda: trainer.current_epoch
        )
        stream.mark = clock.mark
        trainer.fit(StepwiseModule(classify.module(net, fit, shape), len(stream)), stream)
        clock.mark()


def by_hand(net: nn.Module, x: Tensor, y: Tensor, fit: TrainerConfig, clock: Clock) -> None:
    """Train with nothing but what the steps need: no curves, no means, no resume state."""
    optimizer = torch.optim.Adam(net.parameters(), lr=fit.learning_rate, fused=True)
    for epoch in range(fit.max_epochs):
        clock.mark()
        for some_x, some_y in _shuffled(x, y, fit.batch_size, epoch):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(some_x), some_y)
            loss.backward()
            optimizer.step()
    clock.mark()


def _shuffled(x: Tensor, y: Tensor, size: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Cut the same batches as the engine, in its order; nobody shuffles the only batch."""
    if len(x) == size:
        yield x, y
        return
    order = torch.from_numpy(generator("batches", SEED, epoch).permutation(len(x))).to(x.device)
    for chosen in order.split(size):
        yield x[chosen], y[chosen]


LOOPS = {"fast": by_engine, "lightning": by_lightning}


def race(case: Case, kind: Literal["cpu", "gpu"], repeats: int) -> dict[str, float]:
    """Time loop, engine, loop, as often as `repeats` says and time allows; give medians.

    Each engine run is compared with the mean of its two neighbours, so that a machine that grows
    slower meanwhile slows both alike; how far the neighbours differ says what is noise.
    `weights_apart` is how far the weights end from each other: unless 0, the times say nothing.
    """
    x, y = _data(case, kind)
    start = time.perf_counter()
    engines, loops, noise, apart = [], [], [], []
    while not engines or (len(engines) < repeats and time.perf_counter() - start < LIMIT_S):
        before, weights = _run(by_hand, case, kind, x, y)
        engine, others = _run(LOOPS[case.loop], case, kind, x, y)
        after, _ = _run(by_hand, case, kind, x, y)
        engines.append(engine)
        loops.append((before + after) / 2)
        noise.append(abs(after / before - 1))
        apart += [float((a - b).abs().max()) for a, b in zip(weights, others, strict=True)]
    pairs = list(zip(engines, loops, strict=True))
    n_steps = case.n_steps * case.n_epochs
    return {
        "engine_examples_per_s": n_steps * case.batch_size / median(engines),
        "loop_examples_per_s": n_steps * case.batch_size / median(loops),
        "engine_ms_per_step": 1e3 * median(engines) / n_steps,
        "loop_ms_per_step": 1e3 * median(loops) / n_steps,
        "overhead_ms_per_step": 1e3 * median(engine - loop for engine, loop in pairs) / n_steps,
        "ratio": median(engine / loop for engine, loop in pairs),
        "noise": median(noise),
        "repeats": len(engines),
        "weights_apart": max(apart),
    }


def _data(case: Case, kind: Literal["cpu", "gpu"]) -> tuple[Tensor, Tensor]:
    """Draw examples that lie on the device, as training keeps them."""
    where, n = device.torch_device(kind), case.n_steps * case.batch_size
    rng = torch.Generator(where).manual_seed(SEED)
    x = torch.randn(n, *case.inputs, generator=rng, device=where)
    return x, torch.randint(len(CLASSES), (n,), generator=rng, device=where)


def _run(
    way: Any, case: Case, kind: Literal["cpu", "gpu"], x: Tensor, y: Tensor
) -> tuple[float, list[Tensor]]:
    """Give the seconds that the timed epochs took, and the weights they ended with."""
    net = initial_weights.build_with_seed(lambda: case.build(case.args, case.shape), SEED)
    fit_input_statistics(net.to(x.device), [x])
    gc.collect()  # what the last run left is not this run's to sweep
    clock = Clock(kind)
    way(net, x, y, case.fit, clock)
    return clock.seconds(), [p.detach().cpu() for p in net.parameters()]
