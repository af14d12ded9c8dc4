"""Fill a store with what a long project would have left: forerunners of runs, and of winners.

Forerunners are copies, row by row, of the runs that `foursplit track` wrote, days older and no
longer current: by MLflow's own calls five thousand take six minutes.
"""

import sqlite3
import sys
import tempfile
from itertools import count
from pathlib import Path

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.evaluation.results import collect
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.registry import registry
from foursplit.tracking.runs import queries

GROUP = "c4w2_digits"

DAY_MS = 24 * 60 * 60 * 1000

RUN = "substr({column}, 1, 24) || printf('%08x', :day)"  # the id of a copy, as long as a run's

COPIED = {
    "runs": {
        "run_uuid": RUN,
        "start_time": f"start_time - :day * {DAY_MS}",
        "end_time": f"end_time - :day * {DAY_MS}",
    },
    "params": {"run_uuid": RUN},
    "metrics": {"run_uuid": RUN},
    "latest_metrics": {"run_uuid": RUN},
    "tags": {
        "run_uuid": RUN,
        "value": f"CASE key WHEN '{queries.KEY}' THEN value || '-' || :day "
        f"WHEN '{queries.CURRENT}' THEN 'false' ELSE value END",
    },
    "inputs": {"destination_id": RUN, "input_uuid": RUN},
    "input_tags": {"input_uuid": RUN},
}
"""What in a copy's rows is not the original's."""


def runs(n: int) -> None:
    """Copy the runs that are there, a day older each time, until there are `n`."""
    connection = sqlite3.connect(store.database_path())
    with connection:
        (there,) = connection.execute("SELECT count(*) FROM runs").fetchone()
        for table in COPIED:
            connection.execute(f"CREATE TEMP TABLE first_{table} AS SELECT * FROM {table}")
        for day in count(1):
            left = n - there * day
            if left <= 0:
                return
            _copy(connection, day, min(left, there))


def _copy(connection: sqlite3.Connection, day: int, most: int) -> None:
    """Copy the first `most` runs with all that belongs to them."""
    few = f"(SELECT run_uuid FROM first_runs ORDER BY run_uuid LIMIT {most})"
    of = {
        "inputs": f"destination_id IN {few}",
        "input_tags": "input_uuid IN (SELECT input_uuid FROM first_inputs "
        f"WHERE destination_id IN {few})",
    }
    for table, changed in COPIED.items():
        rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
        columns = [row[1] for row in rows]
        values = [changed.get(name, name).format(column=name) for name in columns]
        connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "
            f"FROM first_{table} WHERE {of.get(table, f'run_uuid IN {few}')}",
            {"day": day},
        )


def versions(n: int) -> None:
    """Store `n` winners of a group that differ in their weights; the last is the champion."""
    (entry,) = (e for e in collect(load()) if e.winner and e.experiment.group == GROUP)
    for number in range(n):
        with tempfile.TemporaryDirectory() as name:
            models = Path(name)
            for seed in entry.summaries:
                _other_weights(paths.seed_folder(entry.models, seed), models, number)
            version = registry.register(GROUP, models, entry.tables, {}, print, features=())
    registry.promote(version, None, print)


def _other_weights(trained: Path, models: Path, number: int) -> None:
    folder = models / trained.name
    folder.mkdir()
    made = artifacts.read_json(trained / "manifest.json")
    artifacts.write_json(folder / "manifest.json", {**made, "model_hash": f"other {number}"})
    for path in trained.glob("model.*"):
        (folder / path.name).write_bytes(path.read_bytes() + bytes([number]))


if __name__ == "__main__":
    {"runs": runs, "versions": versions}[sys.argv[1]](int(sys.argv[2]))
