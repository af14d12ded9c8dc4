"""Champion and challenger side by side on this machine, in a process of its own: scored, timed.

The process has the kernels and threads of params.yaml, as a stage has, and is no stage: what it
writes lies outside the graph.
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

LEAST, MOST, SECONDS = 20, 2000, 0.3
"""Answers of each model that are timed: as many as the seconds hold, within these."""


class ScoringError(FoursplitError):
    """The champion cannot answer the present examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bout:
    """What is to be done: `folders` are those of `seed_<n>` folders with weights."""

    group: str
    challenger: Path
    champion: Path | None
    scored: bool  # whether the champion is to answer the present examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of it; `tables` has a `seed_<n>` folder of the champion's four tables each."""

    challenger_ms: float
    champion_ms: float | None
    tables: Path | None


@contextmanager
def side_by_side(bout: Bout) -> Iterator[Seen]:
    """Score and time; the tables are gone afterwards."""
    from foursplit.config import paths

    with tempfile.TemporaryDirectory(prefix="foursplit-gate-") as folder:
        job = {
            "group": bout.group,
            "challenger": str(bout.challenger),
            "champion": bout.champion and str(bout.champion),
            "tables": folder if bout.scored else None,
        }
        done = subprocess.run(
            [sys.executable, "-m", "foursplit.promotion.benchmark_models"],
            cwd=paths.root(),
            env={**os.environ, "FOURSPLIT_ROOT": str(paths.root())},
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise FoursplitError(
                f"the process that times the models ended with {done.returncode}:\n"
                f"{done.stderr.strip()[-2000:]}"
            )
        told = json.loads(done.stdout.splitlines()[-1])
        if told["not_scored"]:
            raise ScoringError(told["not_scored"])
        yield Seen(
            challenger_ms=told["challenger_ms"],
            champion_ms=told["champion_ms"],
            tables=Path(folder) if bout.scored else None,
        )


def main() -> None:
    """Do the job that standard input describes, and print what came of it as one line of JSON."""
    from foursplit.config.load import load
    from foursplit.core import reproducible_env

    params = load()
    reproducible_env.settle(params.run.kernels, params.run.threads)
    job = json.loads(sys.stdin.read())
    told = work(params, job)
    print(json.dumps(told))  # noqa: T201, the other side reads it


def work(params: Any, job: dict[str, Any]) -> dict[str, Any]:
    """Score and time as the job says."""
    group = params.group(job["group"])
    mine = _answer(Path(job["challenger"]), params.run)
    theirs, not_scored = None, ""
    if job["champion"]:
        try:
            theirs = _answer(Path(job["champion"]), params.run)
            if job["tables"]:
                _score(job, group.source, params.run)
        except FoursplitError as refusal:  # other code by now, other inputs, other classes
            not_scored = str(refusal) if job["tables"] else ""
    one = _one(group.source)
    times = _timed([lambda: mine(one), *([lambda: theirs(one)] if theirs else [])])
    return {
        "challenger_ms": times[0],
        "champion_ms": times[1] if theirs else None,
        "not_scored": not_scored,
    }


def _answer(folder: Path, run: Any) -> Any:
    """Give the function of the first seed, from examples to answers."""
    from foursplit.evaluation.predict import predictor

    return predictor(seed_folders(folder)[0], run)[1]


def _one(source: str) -> Any:
    """Give one example of dev."""
    import numpy as np

    from foursplit.data import load_splits

    return load_splits.load(source, "dev").take(np.array([0]))


def _score(job: dict[str, Any], source: str, run: Any) -> None:
    """Write the champion's four tables on the present examples, in the challenger's units."""
    from foursplit.evaluation import prediction_tables
    from foursplit.evaluation.final import four_tables
    from foursplit.training import manifest as manifests

    present = manifests.shape(manifests.load(seed_folders(Path(job["challenger"]))[0]))
    for trained in seed_folders(Path(job["champion"])):
        part = Path(job["tables"]) / trained.name
        part.mkdir()
        for split, table in four_tables(job["group"], source, trained, run, present).items():
            prediction_tables.save(part, split, table)


def _timed(calls: list[Callable[[], object]]) -> list[float]:
    """Give each call's median milliseconds, the calls in turn."""
    for call in calls:
        call()  # the first also allocates and compiles
    taken: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + SECONDS
    while len(taken[0]) < LEAST or (len(taken[0]) < MOST and time.perf_counter() < end):
        for call, times in zip(calls, taken, strict=True):
            start = time.perf_counter()
            call()
            times.append(1000 * (time.perf_counter() - start))
    return [median(times) for times in taken]


if __name__ == "__main__":
    main()
