"""Train what a trial proposes, once: finished trainings are kept outside the graph.

A search that is run again asks for the same trials in the same order, and finds them here.
"""

import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from foursplit import plugins
from foursplit.config.fit import TrainerConfig
from foursplit.config.schema import Experiment
from foursplit.core import code_digest
from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import derive_seed, generator
from foursplit.core.splits import Split
from foursplit.diagnosis.stats.bootstrap import estimate
from foursplit.evaluation import experiment_tables
from foursplit.evaluation.group_metric import GroupMetric
from foursplit.evaluation.predict import load_predictor
from foursplit.io import artifacts
from foursplit.training.callbacks import Row
from foursplit.training.train import Job, resume_path, train

STANDARD_ERROR_DRAWS = 500  # its own error is then 3 %

SEEDS = 2**32

METRIC_DIGITS = 6

Prune = Callable[[int, float], bool]
"""Say after a rung's epoch and the dev loss there whether a training is to stop."""


class Stopped(Exception):  # noqa: N818 - a signal and no error
    """A sampler has stopped a training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What a training showed; `dev` and `train_dev` are of the metric, None if it has no end."""

    dev: float | None
    train_dev: float | None  # of the same model on examples that play no part in the choice
    standard_error: float | None  # of `dev`, over the examples
    epochs: int  # trained
    rungs: tuple[tuple[int, float], ...]  # epoch and dev loss where the sampler may stop it
    state: str  # complete, stopped or diverged


class Trainings:
    """Trains the trials of a search; `kept` is the file with those that are finished."""

    def __init__(self, job: Job, metric: GroupMetric, kept: Path) -> None:
        self.job, self.metric, self.kept = job, metric, kept
        self.found: dict[str, Any] = artifacts.read_json(kept) if kept.is_file() else {}
        self.n_trained = 0

    def run(
        self,
        experiment: Experiment,
        seed: int,
        rungs: tuple[int, ...] = (),
        prune: Prune | None = None,
    ) -> TrialResult:
        """Train with `seed`, or return what is kept; `prune` decides at each rung's epoch."""
        name = artifacts.fingerprint(
            {"fit": str(experiment.fit), "args": dict(experiment.model_args), "seed": seed}
        )
        old = self.found.get(name)
        if old is not None:
            result = TrialResult(**{**old, "rungs": tuple(tuple(rung) for rung in old["rungs"])})
            replayed = _replay(result, rungs, prune)
            if replayed is not None:
                return replayed
        result = self._train(experiment, seed, rungs, prune)
        self.found[name] = asdict(result)
        artifacts.write_json(self.kept, self.found)
        self.n_trained += 1
        return result

    def _train(
        self, experiment: Experiment, seed: int, rungs: tuple[int, ...], prune: Prune | None
    ) -> TrialResult:
        job = replace(self.job, experiment=experiment)
        reached: list[tuple[int, float]] = []
        todo = list(rungs)

        def listen(row: Row) -> None:
            while todo and row["epoch"] >= todo[0] and "dev_loss" in row:
                loss = row["dev_loss"]
                reached.append((todo.pop(0), _rounded(loss) if math.isfinite(loss) else 1e9))
                if prune is not None and prune(*reached[-1]):
                    raise Stopped

        with TemporaryDirectory(prefix="foursplit-search-") as folder:
            model = Path(folder) / "model"
            try:
                train(job, model, seed, (listen,))
            except Stopped:
                self._discard(job, seed)
                return _ended("stopped", reached[-1][0], reached)
            _, answer = load_predictor(model, job.run)
            dev = self._score(job, answer, "dev")
            train_dev = self._score(job, answer, "train_dev")
        fit = experiment.fit
        epochs = fit.max_epochs if isinstance(fit, TrainerConfig) else 1
        if dev is None or train_dev is None:
            return _ended("diverged", epochs, reached)
        return TrialResult(
            dev=dev[0],
            train_dev=train_dev[0],
            standard_error=dev[1],
            epochs=epochs,
            rungs=tuple(reached),
            state="complete",
        )

    def _score(self, job: Job, answer: Any, split: Split) -> tuple[float, float] | None:
        """Return the metric and its standard error; None if an answer is no number."""
        examples = job.splits[split]
        answers = answer(examples)
        is_array = isinstance(answers, np.ndarray) and answers.dtype.kind == "f"
        if is_array and not np.isfinite(answers).all():
            return None
        table = experiment_tables.build_table(
            examples, answers, split, job.experiment.task, job.shape
        )
        values = self.metric.values(table, split).astype(np.float64)
        if not np.isfinite(values).all():
            return None
        weight = table["weight"].to_numpy(np.float64)
        found = estimate(
            values,
            weight,
            table["group_id"].to_numpy(),
            generator("search", split),
            n_resamples=STANDARD_ERROR_DRAWS,
            confidence=0.95,
        )
        value = float(np.average(values, weights=weight))
        return _rounded(value), _rounded(float(found.replicates.std()))

    def _discard(self, job: Job, seed: int) -> None:
        """Remove the resume state of a training that was stopped for good."""
        from foursplit.training import device

        for kind in ("cpu", "gpu"):
            if kind == "gpu" and job.run.accelerator == "cpu":
                continue
            name = device.name(device.resolve(job.run.accelerator, prefer_gpu=kind == "gpu"))
            shutil.rmtree(resume_path(job, seed, name), ignore_errors=True)


def kept_file(job: Job, key: str, metric: str) -> Path:
    """Name the file with the finished trainings: another for any other data, code or device."""
    kind = "cpu"
    if isinstance(job.experiment.fit, TrainerConfig):
        from foursplit.training import device

        kind = device.name(device.resolve(job.run.accelerator, prefer_gpu=True))
    code = code_digest.closure(["foursplit.evaluation.search.trainings"], plugins.folders())
    return resume_path(job, 0, f"{kind} {key} {metric}", code).with_suffix(".json")


def require_mean(metric: GroupMetric, at: str) -> None:
    """Raise for a metric of whole tables, which has no error by example."""
    if metric.of_table:
        raise FoursplitError(
            f"{at}.metric: {metric.name!r} is of whole tables, and trials are compared by a mean "
            "over examples, such as error"
        )


def training_seed(config_seed: int, repeat: int) -> int:
    """Return the seed of first weights and order: the same for all trials of a repeat."""
    return derive_seed("search", config_seed, repeat) % SEEDS


def _replay(result: TrialResult, rungs: tuple[int, ...], prune: Prune | None) -> TrialResult | None:
    """Return a kept result as the sampler would have seen it; None if it must be trained again.

    It must where a rung's loss is not known, or a stopped training is now to go on.
    """
    known = dict(result.rungs)
    passed: list[tuple[int, float]] = []
    for rung in rungs:
        if rung not in known:
            return result if result.state == "diverged" else None
        passed.append((rung, known[rung]))
        if prune is not None and prune(*passed[-1]):
            return _ended("stopped", rung, passed)
    if result.state == "stopped":
        return None
    return replace(result, rungs=tuple(passed))


def _ended(state: str, epochs: int, rungs: list[tuple[int, float]]) -> TrialResult:
    return TrialResult(
        dev=None,
        train_dev=None,
        standard_error=None,
        epochs=epochs,
        rungs=tuple(rungs),
        state=state,
    )


def _rounded(value: float) -> float:
    return float(f"{value:.{METRIC_DIGITS}g}")
