"""Fill a store with what a long project would have left: forerunners of runs, and of winners."""

import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

from mlflow.entities import Metric, Param
from sqlalchemy import event
from sqlalchemy.engine import Engine

from foursplit.core import artifacts, paths
from foursplit.core.experiment import Params
from foursplit.core.params import load
from foursplit.evaluation.collect import collect
from foursplit.tracking import kept, registry, store
from foursplit.tracking import track as tracking
from foursplit.tracking.record import Record

GROUP = "c4w2_digits"

DAY_MS = 24 * 60 * 60 * 1000


@event.listens_for(Engine, "connect")
def _in_a_hurry(connection: Any, _: Any) -> None:
    """Wait for no disk: what is written here may be lost."""
    connection.execute("PRAGMA synchronous = OFF")


def runs(params: Params, n: int) -> None:
    """Write forerunners of the runs that are there, days older, until there are `n`."""
    client = store.client()
    records = [job.record for job in tracking._jobs(collect(params), print)]
    ids = {r.experiment: store.experiment(client, r.experiment, "") for r in records}
    missing = n - len(records)
    for day in count(1):
        for record in records:
            if missing <= 0:
                return
            _write(client, ids[record.experiment], record, day)
            missing -= 1


def _write(client: Any, experiment_id: str, record: Record, day: int) -> None:
    """Write a run in the shape of `foursplit track`'s, without its files."""
    tags = {**record.tags, kept.KEY: f"{record.key}-{day}", kept.CURRENT: "false"}
    at = record.made_ms - day * DAY_MS
    run_id = client.create_run(experiment_id, at, tags, record.name).info.run_id
    client.log_batch(run_id, params=[Param(name, value) for name, value in record.params.items()])
    metrics = [Metric(name, value, at, 0) for name, value in record.metrics.items()]
    metrics += [Metric(name, value, at, step) for name, value, step in record.curves]
    store.log_metrics(client, run_id, metrics)
    client.log_inputs(run_id, datasets=tracking._data_sets(record))
    client.set_terminated(run_id, "FINISHED", at)


def versions(params: Params, n: int) -> None:
    """Store `n` winners of a group that differ in their weights; the last is the champion."""
    (entry,) = (e for e in collect(params) if e.winner and e.experiment.group == GROUP)
    for number in range(n):
        with tempfile.TemporaryDirectory() as name:
            models = Path(name)
            for seed in entry.summaries:
                _other_weights(paths.seed_folder(entry.models, seed), models, number)
            version = registry.register(GROUP, models, entry.tables, {}, print)
    registry.promote(version, None, print)


def _other_weights(trained: Path, models: Path, number: int) -> None:
    folder = models / trained.name
    folder.mkdir()
    made = artifacts.read_json(trained / "manifest.json")
    artifacts.write_json(folder / "manifest.json", {**made, "model_hash": f"other {number}"})
    for path in trained.glob("model.*"):
        (folder / path.name).write_bytes(path.read_bytes() + bytes([number]))


if __name__ == "__main__":
    {"runs": runs, "versions": versions}[sys.argv[1]](load(), int(sys.argv[2]))
