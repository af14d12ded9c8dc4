"""What MLflow's store costs: a crowd of writers, live curves, thousands of runs, the first writing.

It works on a copy of this folder's results, which `foursplit repro` must have made, and touches
nothing of them.  Take figures from a quiet machine.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, clean_environment, cost, processor

from foursplit.io import artifacts

RESULT = ROOT / "benchmarks" / "results" / "store.json"

WRITERS, EPOCHS, PAUSE_S, CROWDS = 24, 300, 0.02, 3  # six seconds of training each

GROUP, KEY, LIVE_EPOCHS, LIVE_ROUNDS = "c4w2_digits", "c4w2_digits_lenet", 1800, 3

RUNS, VERSIONS, TIMES = 5000, 50, 3

MADE = ("models", "predictions", "final", "selected", "lessons", "curves", "split")
"""What `foursplit track`, `gate` and `history` read of data/."""

TRAIN = """
from foursplit.cli.stages import configure
configure()
from foursplit.stages import train
from foursplit.tracking.runs.live_metrics import LiveCurves
train.run("{key}", {live})
"""

TIMED = """
import json, os, sys, time
from foursplit.tracking import store
from foursplit.tracking.runs import sync
from foursplit.cli.commands import gate, history
where = os.environ["MLFLOW_TRACKING_URI"]
os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///" + sys.argv[1]
store.client().search_registered_models()  # all of MLflow that is imported on demand
os.environ["MLFLOW_TRACKING_URI"] = where
spared = sys.path.insert(0, {benchmarks!r}) or __import__("store_child").spared()
began, cpu = time.perf_counter(), time.process_time()
{call}
seconds, cpu = time.perf_counter() - began - sum(spared), time.process_time() - cpu
sys.stderr.write(json.dumps([seconds, cpu]))
"""

CALLS = {
    "gate": f"gate.gate('{GROUP}', gate.GateOptions())",
    "history_of_a_group": f"history.show('{GROUP}', 40, None)",
    "history": "history.show(None, 40, None)",
    "track": "from foursplit.cli.commands.track import track as command; command()",
}
"""What each command does once everything is imported."""


def crowds(folder: Path) -> list[dict[str, Any]]:
    """Let crowds of writers loose, each on a fresh store."""
    found = []
    for number in range(CROWDS):
        place = folder / f"crowd_{number}"
        place.mkdir(parents=True)
        given = [str(value) for value in (WRITERS, EPOCHS, PAUSE_S)]
        script = str(ROOT / "benchmarks" / "store_crowd.py")
        result = subprocess.run(
            [sys.executable, script, str(place), *given],
            env=clean_environment(ROOT),
            check=True,
            capture_output=True,
            text=True,
        )
        found.append(json.loads(result.stdout))
    return found


def live_curves(folder: Path) -> dict[str, Any]:
    """Train for more than a minute, with live curves and without, in turn."""
    env = copied(folder)
    subprocess.run(["foursplit", "track"], cwd=folder, env=env, check=True)  # the store is there
    params = folder / "params.yaml"
    text = params.read_text()
    block = text[text.index(f"    {KEY}:\n") :]
    more = block.replace("max_epochs: 40", f"max_epochs: {LIVE_EPOCHS}", 1)
    params.write_text(text.replace(block, more))
    runs: dict[str, list[tuple[float, float]]] = {"None": [], "LiveCurves": []}
    for number in range(LIVE_ROUNDS):
        for live in sorted(runs, reverse=bool(number % 2)):
            code = TRAIN.format(key=KEY, live=live)
            runs[live].append(cost(folder, env, sys.executable, "-c", code))
    wall, cpu = (
        {how: median(one[place] for one in took) for how, took in runs.items()} for place in (0, 1)
    )
    return {
        "epochs": LIVE_EPOCHS,
        "rounds": LIVE_ROUNDS,
        "without_s": round(wall["None"], 2),
        "with_s": round(wall["LiveCurves"], 2),
        "without_cpu_s": round(cpu["None"], 2),
        "with_cpu_s": round(cpu["LiveCurves"], 2),
        "more_wall": round(wall["LiveCurves"] / wall["None"] - 1, 4),
        "more_cpu": round(cpu["LiveCurves"] / cpu["None"] - 1, 4),
    }


def thousands(folder: Path) -> dict[str, Any]:
    """Write the default project's runs, then thousands of forerunners; time what reads them."""
    env = copied(folder)
    seconds, cpu = cost(folder, env, "foursplit", "track")
    first = {"seconds": round(seconds, 1), "cpu_s": round(cpu, 1)}
    script = str(ROOT / "benchmarks" / "store_forerunners.py")
    for what, n in (("runs", RUNS), ("versions", VERSIONS)):
        subprocess.run([sys.executable, script, what, str(n)], cwd=folder, env=env, check=True)
    found = {"runs": RUNS, "versions": VERSIONS, "first_writing": first}
    found["store_mb"] = round((folder / "mlflow.db").stat().st_size / 2**20)
    return {**found, **{name: beyond_imports(folder, env, call) for name, call in CALLS.items()}}


def beyond_imports(folder: Path, env: Mapping[str, str], call: str) -> dict[str, float]:
    """Give the median seconds, and CPU seconds, of what a command does once all is imported."""
    code = TIMED.format(call=call, benchmarks=str(Path(__file__).parent))
    shutil.rmtree(folder / ".foursplit" / "past", ignore_errors=True)  # what history remembers
    took = []
    for _ in range(TIMES):
        result = subprocess.run(
            [sys.executable, "-c", code, str(folder / "other.db")],
            cwd=folder,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
        took.append(json.loads(result.stderr.splitlines()[-1]))
    return {
        "first_s": round(took[0][0], 2),
        "seconds": round(median(one[0] for one in took), 2),
        "cpu_s": round(median(one[1] for one in took), 2),
    }


def copied(folder: Path) -> dict[str, str]:
    """Clone the project with its results; give the environment in which the clone runs."""
    if not (ROOT / "data" / "models").is_dir():
        sys.exit(f"{ROOT / 'data'}: no results to copy; run `foursplit repro` first")
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    for part in MADE:
        shutil.copytree(ROOT / "data" / part, folder / "data" / part, dirs_exist_ok=True)
    return {
        **clean_environment(folder),
        "PYTHONPATH": str(ROOT / "src"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
    }


PARTS: dict[str, Callable[[Path], Any]] = {
    "crowds": crowds,
    "live_curves": live_curves,
    "thousands": thousands,
}


def main() -> None:
    """Measure all parts, or one; keep what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS)
    given = parser.parse_args()
    known = artifacts.read_json(RESULT) if RESULT.is_file() else {}
    known |= {"device": processor(), "cores": os.cpu_count()}
    for name in [given.only] if given.only else PARTS:
        with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as folder:
            known[name] = PARTS[name](Path(folder) / "project")
        print(name, json.dumps(known[name], indent=1), flush=True)
        RESULT.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
