"""Train an experiment's model on nested subsets of train, and evaluate each.

Every model takes as many steps as the experiment's own takes on all of train, so that two points
differ by their examples alone.  With the same number of epochs a tenth of the examples would take a
tenth of the steps: its error would be that of a model not yet trained, and fall for that reason.
"""

import csv
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np

from foursplit import plugins
from foursplit.config.fit import EstimatorConfig, LRScheduler, TrainerConfig
from foursplit.config.schema import LearningCurve
from foursplit.core import code_digest
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.core.seeds import derive_seed, generator
from foursplit.core.splits import Split
from foursplit.data import nested_subsets
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.diagnosis.stats.bootstrap import estimate
from foursplit.evaluation import experiment_tables
from foursplit.evaluation.predict import load_predictor
from foursplit.io import artifacts
from foursplit.training.callbacks import Row
from foursplit.training.train import Job, prepare, resume_path, train

STANDARD_ERROR_DRAWS = 2000  # its own error is then 1.6 %

SEEDS = 2**32  # as many as scikit-learn knows


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveMeasurement:
    """One point of the curve: training size and errors (fractions)."""

    size: int  # 1 is the smallest
    n: int  # examples it was trained on
    repeat: int
    train_error: float  # on those n, in evaluation mode
    train_dev_error: float
    dev_error: float
    train_dev_standard_error: float = 0.0  # of the examples of the split, the same at every size
    dev_standard_error: float = 0.0


class ProgressCallback(Protocol):
    """Callback that receives progress."""

    def begin(self, n: int, max_epochs: int) -> None: ...

    def __call__(self, row: Row) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    size: int
    repeat: int
    seed: int
    chosen: np.ndarray  # positions in train


def run_learning_curve(
    job: Job, settings: LearningCurve, follower: ProgressCallback, at: str
) -> tuple[list[CurveMeasurement], list[float]]:
    """Return the points, smallest first, and the seconds that each took.

    A part is drawn `repeats` times, with other examples and other first weights; the whole is
    trained with the experiment's own seeds, so that it is the experiment's own model.  What an
    interrupted run had measured is taken as it is.  `at` is the place that refusals name.
    """
    parts = list(_parts(job, settings, at))
    kept = _kept(job, settings)
    rows = artifacts.read_json(kept) if kept.is_file() else []
    for part in parts[len(rows) :]:
        started = time.monotonic()
        point = _measured(job, part, follower)
        rows.append({**asdict(point), "seconds": time.monotonic() - started})
        artifacts.write_json(kept, rows)
    kept.unlink(missing_ok=True)
    seconds = [float(row.pop("seconds")) for row in rows]
    return [CurveMeasurement(**row) for row in rows], seconds


def as_csv(points: Sequence[CurveMeasurement]) -> str:
    """Write a row a model."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(CurveMeasurement)]
    writer.writerow(names)
    for point in points:
        values = [getattr(point, name) for name in names]
        writer.writerow([f"{v:.9g}" if isinstance(v, float) else v for v in values])
    return text.getvalue()


def n_models(job: Job, settings: LearningCurve) -> int:
    return (settings.n_sizes - 1) * settings.n_repeats + len(job.experiment.fit.seeds)


def same_steps(fit: TrainerConfig, n_all: int, n: int) -> TrainerConfig:
    """Return as many epochs of `n` examples as make up the steps that `fit` takes on `n_all`."""
    steps, fewer = (-(-count // min(fit.batch_size or count, count)) for count in (n_all, n))
    phases = tuple(
        replace(phase, max_epochs=-(-phase.max_epochs * steps // fewer)) for phase in fit.phases
    )
    max_epochs = sum(p.max_epochs for p in phases) or -(-fit.max_epochs * steps // fewer)
    schedule = fit.lr_scheduler
    if schedule is not None and schedule.interval == "epoch":
        schedule = stretch(schedule, max_epochs / fit.max_epochs)
    return replace(fit, max_epochs=max_epochs, lr_scheduler=schedule, phases=phases)


def stretch(schedule: LRScheduler, ratio: float) -> LRScheduler:
    """Return a schedule that takes `ratio` times as many intervals to the same learning rates."""
    by_interval = schedule.name == "ExponentialLR" and schedule.gamma is not None
    return replace(
        schedule,
        warmup=round(schedule.warmup * ratio),
        step_size=max(1, round(schedule.step_size * ratio)) if not by_interval else 1,
        gamma=schedule.gamma ** (1 / ratio) if by_interval and schedule.gamma else schedule.gamma,
    )


def _kept(job: Job, settings: LearningCurve) -> Path:
    """Name the file with the points so far: another for any other input, code or device."""
    kind = "cpu"
    if isinstance(job.experiment.fit, TrainerConfig):
        from foursplit.training import device

        kind = device.name(device.resolve(job.run.accelerator, prefer_gpu=True))
    code = code_digest.closure(["foursplit.stages.learning_curve"], plugins.folders())
    return resume_path(job, 0, f"{kind} {settings}", code).with_suffix(".json")


def _parts(job: Job, settings: LearningCurve, at: str) -> Iterator[_Part]:
    """List what to train: the repeats of each size but the last, then the whole by each seed."""
    whole, seeds = job.splits["train"], job.experiment.fit.seeds
    wanted = nested_subsets.train_sizes(len(whole), settings.n_sizes, settings.min_fraction)
    by_size: list[list[_Part]] = [[] for _ in wanted]
    for repeat in range(1, settings.n_repeats + 1):
        salt = derive_seed("learn", seeds[0], repeat)
        drawn = nested_subsets.nested_subsets(
            whole.metadata, wanted, salt, classes=bool(job.shape.classes)
        )
        _check(whole, drawn, at, settings, classes=bool(job.shape.classes))
        for size, chosen in enumerate(drawn[:-1], start=1):
            seed = salt % SEEDS
            by_size[size - 1].append(_Part(size=size, repeat=repeat, seed=seed, chosen=chosen))
    every = np.arange(len(whole))
    by_size[-1] = [
        _Part(size=len(wanted), repeat=repeat, seed=seed, chosen=every)
        for repeat, seed in enumerate(seeds, start=1)
    ]
    for parts in by_size:
        yield from parts


def _check(
    whole: Examples, drawn: Sequence[np.ndarray], at: str, settings: LearningCurve, *, classes: bool
) -> None:
    """Raise for parts that are the same, and a smallest part that lacks a class."""
    lengths = [len(chosen) for chosen in drawn]
    n_groups = len(whole.metadata[["domain", "group_id"]].drop_duplicates())
    if len(set(lengths)) < len(lengths):
        raise FoursplitError(
            f"{at}.n_sizes: {settings.n_sizes} sizes from the share "
            f"{settings.min_fraction} on would be "
            f"parts of {', '.join(map(str, lengths))} of train's {len(whole)} examples in "
            f"{n_groups} groups, two of them the same; take fewer sizes or a larger smallest."
        )
    found, needed = (len(np.unique(y)) for y in (whole.y[drawn[0]], whole.y))
    if classes and found < needed:
        raise FoursplitError(
            f"{at}.min_fraction: {settings.min_fraction} of train is {lengths[0]} of {len(whole)} "
            f"examples, with {found} of {needed} classes; take a larger share."
        )


def _measured(job: Job, part: _Part, follower: ProgressCallback) -> CurveMeasurement:
    examples = job.splits["train"].take(part.chosen)
    shape = _shape(examples, job)
    fit = job.experiment.fit
    if isinstance(fit, TrainerConfig):
        fit = same_steps(fit, len(job.splits["train"]), len(examples))
    small = replace(
        job,
        experiment=replace(job.experiment, fit=fit),
        splits={**job.splits, "train": examples},
        shape=shape,
        # What marks the state of this training among all others'.
        data={**job.data, "part": artifacts.sha256_bytes(part.chosen.astype("<i8").tobytes())},
    )
    ready = prepare(small)
    follower.begin(len(examples), 0 if isinstance(fit, EstimatorConfig) else fit.max_epochs)
    with TemporaryDirectory(prefix="foursplit-learn-") as folder:
        train(ready, Path(folder) / "model", part.seed, (follower,))
        _, answer = load_predictor(Path(folder) / "model", job.run)
        measured = {
            split: _error(examples, answer(examples), split, small)
            for split, examples in small.splits.items()
        }
    errors = {split: error for split, (error, _) in measured.items()}
    if not np.isfinite([*errors.values()]).all():
        raise FoursplitError(
            f"{job.key}: training on {len(examples)} examples gave errors of {errors}: it "
            "diverged; a smaller fit.learning_rate helps."
        )
    return CurveMeasurement(
        size=part.size,
        n=len(examples),
        repeat=part.repeat,
        train_error=errors["train"],
        train_dev_error=errors["train_dev"],
        dev_error=errors["dev"],
        train_dev_standard_error=measured["train_dev"][1],
        dev_standard_error=measured["dev"][1],
    )


def _shape(part: Examples, job: Job) -> DataSpec:
    """Return the shape of a subset; the unit of the error stays that of all of train."""
    return replace(infer_data_spec(part, job.dataset), target_iqr=job.shape.target_iqr)


def _error(examples: Examples, answers: np.ndarray, split: Split, job: Job) -> tuple[float, float]:
    """Return the mean loss, as the ledger has it, and its standard error."""
    table = experiment_tables.build_table(examples, answers, split, job.experiment.task, job.shape)
    value = float(np.average(table["loss"], weights=table["weight"]))
    found = estimate(
        table["loss"].to_numpy(np.float64),
        table["weight"].to_numpy(np.float64),
        table["group_id"].to_numpy(),
        generator("learn", split),
        n_resamples=STANDARD_ERROR_DRAWS,
        confidence=0.95,
    )
    return value, float(found.replicates.std())
