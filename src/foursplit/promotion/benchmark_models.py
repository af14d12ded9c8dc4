"""Score and time champion and challenger on this machine, in a separate process.

The process has the kernels and threads of params.yaml, like a stage.  It is not a
stage: its outputs are temporary.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.io.seed_folders import seed_folders

MIN_PREDICTIONS, MAX_PREDICTIONS, SECONDS = 20, 2000, 0.3
"""Timed predictions per model: as many as fit into the seconds, within these limits."""


class ScoringError(FoursplitError):
    """The champion cannot predict the current examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRequest:
    """Models to time, as folders of `seed_<n>` folders with weights."""

    group: str
    challenger: Path
    champion: Path | None
    score_champion: bool  # on the current examples


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkResult:
    """Latencies; `tables` has the champion's four tables in a `seed_<n>` folder each."""

    challenger_ms: float
    champion_ms: float | None
    tables: Path | None


@contextmanager
def benchmark(request: BenchmarkRequest) -> Iterator[BenchmarkResult]:
    """Score and time the models; the tables are deleted afterwards."""
    from foursplit.config import paths

    with tempfile.TemporaryDirectory(prefix="foursplit-gate-") as folder:
        job = {
            "group": request.group,
            "challenger": str(request.challenger),
            "champion": request.champion and str(request.champion),
            "tables": folder if request.score_champion else None,
        }
        process = subprocess.run(
            [sys.executable, "-m", "foursplit.promotion.benchmark_models"],
            cwd=paths.root(),
            env={**os.environ, "FOURSPLIT_ROOT": str(paths.root())},
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            raise FoursplitError(
                f"the benchmark process failed with exit code {process.returncode}:\n"
                f"{process.stderr.strip()[-2000:]}"
            )
        result = json.loads(process.stdout.splitlines()[-1])
        if result["not_scored"]:
            raise ScoringError(result["not_scored"])
        yield BenchmarkResult(
            challenger_ms=result["challenger_ms"],
            champion_ms=result["champion_ms"],
            tables=Path(folder) if request.score_champion else None,
        )


def main() -> None:
    """Run the job on standard input, and print the result as one line of JSON."""
    from foursplit.config.load import load
    from foursplit.core import reproducible_env

    params = load()
    reproducible_env.configure_environment(params.run.instruction_set, params.run.threads)
    job = json.loads(sys.stdin.read())
    result = work(params, job)
    print(json.dumps(result))  # noqa: T201, the parent process reads it


def work(params: Any, job: dict[str, Any]) -> dict[str, Any]:
    """Score and time the models of the job."""
    group = params.group(job["group"])
    challenger = _predictor(Path(job["challenger"]), params.run)
    champion, not_scored = None, ""
    if job["champion"]:
        try:
            champion = _predictor(Path(job["champion"]), params.run)
            if job["tables"]:
                _score(job, group, params.run)
        except FoursplitError as error:  # its code, inputs or classes have changed
            not_scored = str(error) if job["tables"] else ""
    example = _first_example(group.dataset)
    calls = [lambda: challenger(example), *([lambda: champion(example)] if champion else [])]
    times = _median_ms(calls)
    return {
        "challenger_ms": times[0],
        "champion_ms": times[1] if champion else None,
        "not_scored": not_scored,
    }


def _predictor(folder: Path, run: Any) -> Any:
    """Return the prediction function of the first seed."""
    from foursplit.evaluation.predict import load_predictor

    return load_predictor(seed_folders(folder)[0], run)[1]


def _first_example(dataset: str) -> Any:
    """Return one example of dev."""
    import numpy as np

    from foursplit.data import load_splits

    return load_splits.load(dataset, "dev").take(np.array([0]))


def _score(job: dict[str, Any], group: Any, run: Any) -> None:
    """Write the champion's four tables on the current examples, in the challenger's units.

    Its threshold stays the one that it was stored with.
    """
    from foursplit.evaluation import experiment_tables, threshold
    from foursplit.evaluation.final import score_all_splits
    from foursplit.training import manifest as manifests

    shape = manifests.shape(manifests.load(seed_folders(Path(job["challenger"]))[0]))
    for trained in seed_folders(Path(job["champion"])):
        folder = Path(job["tables"]) / trained.name
        folder.mkdir()
        found = score_all_splits(job["group"], group.dataset, trained, run, shape)
        if group.threshold is not None:
            frozen = threshold.of_table(experiment_tables.load(trained, "dev"), group)
            found = threshold.apply(found, group, frozen)
        for split, table in found.items():
            experiment_tables.save(folder, split, table)


def _median_ms(calls: list[Callable[[], object]]) -> list[float]:
    """Return the median milliseconds of each call; the calls alternate."""
    for call in calls:
        call()  # the first call also allocates and compiles
    durations: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + SECONDS
    while len(durations[0]) < MIN_PREDICTIONS or (
        len(durations[0]) < MAX_PREDICTIONS and time.perf_counter() < end
    ):
        for call, times in zip(calls, durations, strict=True):
            start = time.perf_counter()
            call()
            times.append(1000 * (time.perf_counter() - start))
    return [median(times) for times in durations]


if __name__ == "__main__":
    main()
