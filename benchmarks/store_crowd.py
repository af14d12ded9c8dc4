"""Whether each run of a crowd that logs to one fresh store at once is there, once and whole.

Each writer is a process that follows its own experiment live, as training does, leaves its files
and then tracks, as `foursplit repro` does.  All start when the last is ready.
"""

import importlib
import json
import multiprocessing
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tests.tracking import miniature  # noqa: E402

from foursplit.config import paths  # noqa: E402
from foursplit.config.load import load  # noqa: E402
from foursplit.evaluation.results import collect  # noqa: E402
from foursplit.tracking import store  # noqa: E402
from foursplit.tracking.runs import live_metrics, queries  # noqa: E402
from foursplit.tracking.runs import sync as tracking  # noqa: E402

FORK = multiprocessing.get_context("fork")  # one import of MLflow for all

NAMES = ("train_loss", "train_dev_error", "dev_error")


def rows(number: int, epochs: int) -> list[dict[str, float]]:
    """Give the learning curves of one writer; no two have the same."""
    return [
        {
            "epoch": epoch,
            **{name: (number + 1) / (epoch + place) for place, name in enumerate(NAMES)},
        }
        for epoch in range(1, epochs + 1)
    ]


def project(folder: Path, n: int) -> None:
    """Make an empty project of `n` experiments that are compared with each other."""
    content = json.loads(json.dumps(miniature.PARAMS))
    block = content["experiments"]["improving"]
    soft = block.pop("wines_soft")
    block |= {key(number): soft for number in range(n)}
    (folder / "params.yaml").write_text(json.dumps(content), encoding="utf-8")
    (folder / "dvc.yaml").write_text("stages: {}\n")


def key(number: int) -> str:
    return f"wines_{number:02}"


def follow(number: int, epochs: int, pause_s: float) -> None:
    """Train: tell MLflow of each epoch, and leave the files of a model."""
    experiment = load().experiment(key(number))
    about = {"home": "improving", "key": key(number), "experiment": experiment, "seed": 1}
    listener = live_metrics.LiveCurves(**about, data={"train.npy": "d1"})
    for row in rows(number, epochs):
        listener(row)
        time.sleep(pause_s)
    listener.close()
    lines = [",".join(("epoch", *NAMES))]
    lines += [",".join(str(value) for value in row.values()) for row in rows(number, epochs)]
    miniature.write_results(
        key(number), experiment, classes=["barolo", "barbera"], curves="\n".join(lines) + "\n"
    )


def write(number: int, epochs: int, pause_s: float, start: Any) -> None:
    """Be one writer: train in a process of its own, then track all that there is."""
    said = os.open(paths.root() / f"{key(number)}.err", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 2)
    start.wait()
    training = FORK.Process(target=follow, args=(number, epochs, pause_s))
    training.start()
    training.join()
    params = load()
    tracking.sync_runs(params, collect(params), lambda _: None)
    sys.exit(training.exitcode)


def crowd(folder: Path, n: int, epochs: int, pause_s: float) -> dict[str, Any]:
    """Let `n` writers loose on a fresh store in `folder`; say what became of their runs."""
    os.environ |= {"FOURSPLIT_ROOT": str(folder)}
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    paths.root.cache_clear()
    project(folder, n)
    _import_all()
    live_metrics.START_AFTER_S, live_metrics.WRITE_INTERVAL_S = 0.0, 0.5
    live_metrics.CLOSE_TIMEOUT_S = 120.0  # the writers are more than the cores
    start = FORK.Barrier(n)
    writers = [FORK.Process(target=write, args=(k, epochs, pause_s, start)) for k in range(n)]
    began = time.perf_counter()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    seconds = time.perf_counter() - began
    said = [line for path in sorted(folder.glob("*.err")) for line in path.read_text().splitlines()]
    return {
        "writers": n,
        "points": n * epochs * len(NAMES),
        "seconds": round(seconds, 1),
        "crashed": sum(writer.exitcode != 0 for writer in writers),
        "complaints": [line for line in said if line and not PROGRESS.fullmatch(line)],
        **outcome(n, epochs),
    }


PROGRESS = re.compile(r"MLflow: \d+ of \d+ runs")
"""What a slow writer says of how far it is."""


def _import_all() -> None:
    """Import what a first client imports on demand, and open nothing."""
    store.error_types()
    for part in ("tracking", "model_registry"):
        importlib.import_module(f"mlflow.store.{part}.sqlalchemy_store")


def outcome(n: int, epochs: int) -> dict[str, int]:
    """Read the store: how many runs are lost, twice there, not finished, not whole, seen live."""
    client = store.client()
    found = client.get_experiment_by_name("improving/wines")
    runs = client.search_runs([found.experiment_id])
    names = Counter(run.info.run_name for run in runs)
    wanted = {f"{key(number)} seed 1": number for number in range(n)}
    return {
        "lost": sum(name not in names for name in wanted),
        "duplicated": sum(times - 1 for times in names.values()),
        "unfinished": sum(run.info.status != "FINISHED" for run in runs),
        "torn": sum(not _is_whole(client, run, wanted, epochs) for run in runs),
        "seen_live": sum(queries.LIVE in run.data.tags for run in runs),
    }


def _is_whole(client: Any, run: Any, wanted: Mapping[str, int], epochs: int) -> bool:
    """Tell whether each point of a run's curves is there, and once."""
    made = rows(wanted[run.info.run_name], epochs)
    for name in NAMES:
        points = client.get_metric_history(run.info.run_id, f"curve/{name}")
        found = sorted((point.step, point.value) for point in points)
        if found != [(row["epoch"], row[name]) for row in made]:
            return False
    return True


def main() -> None:
    """Print what became of one crowd: folder, writers, epochs, seconds an epoch."""
    folder, n, epochs, pause_s = sys.argv[1:]
    print(json.dumps(crowd(Path(folder), int(n), int(epochs), float(pause_s))))


if __name__ == "__main__":
    main()
