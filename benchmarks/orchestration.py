"""What running stages costs beside their work: DVC's way and ours, in one run.

Three questions.  What does a stage cost to start, warm and cold?  What do many stages cost whose
commands do nothing, in CPU seconds?  Do 24 jobs at once keep their promise on a hundred stages
that sleep for a second?  It takes about five minutes on two cores.
"""

import argparse
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, clean_environment, clone, cost, processor

from foursplit.cli.commands.verify import compare, locks
from foursplit.config.load import load
from foursplit.runner.dvc_adapter.graph import StageLaunch
from foursplit.runner.job import Job
from foursplit.runner.workers.pool import WorkerPool

RESULT = ROOT / "benchmarks" / "results" / "orchestration.json"

STARTS = 5  # of each stage, for a median
ROUNDS = 3  # of each pipeline without work
SIZES = (25, 50, 100, 200)
SLEEPERS, JOBS = 100, 24

STAGES = (
    "fetch wine",
    "validate wine",
    "split wine",
    "train c2w3_wine_softmax",
    "train m1w3_cancer_logistic_sklearn",
    "evaluate c2w3_wine_softmax",
    "select c2w3_wine",
    "final c2w3_wine",
    "report",
)

TWICE = """
        message = module.run(*given.values(), **_extras(name))
        import time

        began = time.perf_counter()
        module.run(*given.values(), **_extras(name))
        click.echo(f"work {time.perf_counter() - began}")
"""
"""Put into the clone's command: the second call has nothing to load, and is the stage's work."""


def starts(folder: Path) -> dict[str, dict[str, float]]:
    """Time each kind of stage, one epoch for training; what is not its work is its start."""
    env = clone(folder)
    params = folder / "params.yaml"
    params.write_text(re.sub(r"max_epochs: \d+", "max_epochs: 1", params.read_text()))
    subprocess.run(["foursplit", "repro"], cwd=folder, env=env, check=True, capture_output=True)
    command = folder / "src" / "foursplit" / "cli.py"
    text = command.read_text()
    line = "\n        message = module.run(*given.values(), **_extras(name))\n"
    assert text.count(line) == 1
    command.write_text(text.replace(line, TWICE))

    found = {}
    os.environ.update(env)  # for the warm parents, whose children import the clone's code
    parents = WorkerPool(load(params), folder / "warm.log")
    for stage in STAGES:
        found[stage] = {
            "warm_s": median(_warm(folder, stage, env, parents) for _ in range(STARTS)),
            "cold_s": median(_cold(folder, stage, env) for _ in range(STARTS)),
        }
        print(f"  {stage}: {found[stage]}", flush=True)
    parents.close()
    return found


def _warm(folder: Path, stage: str, env: dict[str, str], parents: WorkerPool) -> float:
    """Start a stage as `foursplit repro` does, and give what is not its work."""
    command = f"foursplit {stage}"
    launch = StageLaunch(
        command=command, argv=["/bin/sh", "-c", command], folder=str(folder), environment=env
    )
    began = time.perf_counter()
    job = Job(stage, [launch], folder / "stage.log", None)
    job.start_command(parents)
    while job.code is None:
        select.select([job.exit], [], [])
        job.read_exit()
    seconds = time.perf_counter() - began
    return seconds - 2 * _work(job.close())


def _cold(folder: Path, stage: str, env: dict[str, str]) -> float:
    """Start a stage as `dvc repro` does."""
    began = time.perf_counter()
    done = subprocess.run(
        ["/bin/sh", "-c", f"foursplit {stage}"],
        cwd=folder,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - began - 2 * _work(done.stdout)


def _work(said: str) -> float:
    return float(said.rpartition("work ")[2].split()[0])


@contextmanager
def generated(stages: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Give a project whose one pipeline file holds `stages`, with our code and parameters."""
    with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as name:
        folder = Path(name)
        env = {**clean_environment(folder), "PYTHONPATH": str(ROOT / "src")}
        (folder / "params.yaml").write_text((ROOT / "params.yaml").read_text())
        for home in load(ROOT / "params.yaml").homes():
            (folder / "pipelines" / home).mkdir(parents=True)
            (folder / "pipelines" / home / "dvc.yaml").write_text("stages: {}\n")
        (folder / "dvc.yaml").write_text(f"stages:\n{stages}")
        (folder / "start.txt").write_text("start\n")
        for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
            subprocess.run(command, cwd=folder, env=env, check=True)
        (folder / ".gitignore").write_text("/*.out\n/.foursplit/\n")
        yield folder, env


def chains(n_stages: int) -> str:
    """Write stages that copy a file, in chains of five."""
    return "".join(
        f"  s{n}:\n    cmd: cp {_before(n)} s{n}.out\n    deps: [{_before(n)}]\n"
        f"    params: [run.threads]\n    outs: [s{n}.out]\n"
        for n in range(n_stages)
    )


def _before(n: int) -> str:
    return f"s{n - 1}.out" if n % 5 else "start.txt"


def sleepers(n_stages: int) -> str:
    return "".join(
        f"  s{n}:\n    cmd: sleep 1 && cp start.txt s{n}.out\n    deps: [start.txt]\n"
        f"    outs: [s{n}.out]\n"
        for n in range(n_stages)
    )


def forget(folder: Path) -> None:
    """Bring a generated project back to where nothing ran."""
    subprocess.run(["rm", "-rf", ".dvc/cache", "dvc.lock", ".foursplit"], cwd=folder, check=True)
    for path in folder.glob("*.out"):
        path.unlink()


def bookkeeping() -> list[dict[str, Any]]:
    """Compare CPU seconds from clean, and with nothing to do, as stages grow in number."""
    rows = []
    for size in SIZES:
        with generated(chains(size)) as (folder, env):
            pairs, idle = [], []
            for _ in range(ROUNDS):
                forget(folder)
                _, dvc = cost(folder, env, "dvc", "repro", "--quiet")
                theirs = locks(folder)
                again = cost(folder, env, "dvc", "repro", "--quiet")[1]
                forget(folder)
                _, ours = cost(folder, env, "foursplit", "repro")
                assert compare(theirs, locks(folder)) == []
                idle.append((again, cost(folder, env, "foursplit", "repro")[1]))
                pairs.append((dvc, ours))
        row = {
            "stages": size,
            "dvc_cpu_s": round(median(dvc for dvc, _ in pairs), 2),
            "foursplit_cpu_s": round(median(ours for _, ours in pairs), 2),
            "share": round(median(ours / dvc for dvc, ours in pairs), 3),
            "idle_dvc_cpu_s": round(median(dvc for dvc, _ in idle), 2),
            "idle_foursplit_cpu_s": round(median(ours for _, ours in idle), 2),
            "idle_share": round(median(ours / dvc for dvc, ours in idle), 3),
        }
        rows.append(row)
        print(f"  {row}", flush=True)
    return rows


def crowd() -> dict[str, float]:
    """Run a hundred sleepers, 24 at a time; the run itself says how long its books took."""
    with generated(sleepers(SLEEPERS)) as (folder, env):
        seconds, _ = cost(folder, env, "foursplit", "repro", "--jobs", str(JOBS))
        assert len(locks(folder)) == SLEEPERS
        result = json.loads((folder / ".foursplit" / "last_run.json").read_text())
    ideal = -(-SLEEPERS // JOBS) * 1.0
    run, books = result["seconds"], result["bookkeeping_s"]
    return {
        "stages": SLEEPERS,
        "jobs": JOBS,
        "ideal_s": ideal,
        "bookkeeping_s": round(books, 2),
        "run_s": round(run, 2),
        "command_s": round(seconds, 2),
        "ratio": round(run / max(ideal, books), 3),
    }


def main() -> None:
    """Ask the questions, or one of them, and keep the answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("start", "bookkeeping", "crowd"))
    only = parser.parse_args().only
    result = json.loads(RESULT.read_text()) if only else {}
    result |= {"device": processor(), "cores": os.cpu_count()}
    if only in (None, "start"):
        print("start of a stage, beside its work:")
        with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as name:
            started = starts(Path(name) / "clone")
        result["start"] = {
            stage: {way: round(seconds, 3) for way, seconds in row.items()}
            for stage, row in started.items()
        }
        result["slowest_warm_start_s"] = max(row["warm_s"] for row in result["start"].values())
    if only in (None, "bookkeeping"):
        print("stages without work, CPU seconds:")
        result["bookkeeping"] = bookkeeping()
    if only in (None, "crowd"):
        print(f"{SLEEPERS} stages of a second, {JOBS} at a time:")
        result["crowd"] = crowd()
        print(f"  {result['crowd']}")
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(f"kept in {RESULT}")


if __name__ == "__main__":
    main()
