"""Ownership of runs in a store that several machines share, where file locks do not work.

A file lock excludes the other processes of one folder; another machine, or another clone, has its
own lock.  So a run's tags say which folder writes it and since when.  No folder deletes a run that
another may still be writing, and all choose the same one of equal runs.
"""

import platform
import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from filelock import FileLock

from foursplit.config import paths
from foursplit.io import artifacts
from foursplit.tracking import store

WRITER, STARTED = "foursplit.owner", "foursplit.started_at"

LEASE_MS = 3_600_000  # a run takes seconds to write; clocks differ less


def tags() -> dict[str, str]:
    """Return the tags of a run that starts here and now."""
    return {WRITER: writer_id(), STARTED: str(now_ms())}


def now_ms() -> int:
    return int(time.time() * 1000)


def writer_id() -> str:
    """Return an id of this project's folder on this machine: its processes share one lock."""
    path = paths.state() / "writer"
    path.parent.mkdir(exist_ok=True)
    with FileLock(path.with_name("writer.lock")):
        if not path.is_file():
            artifacts.write_text(path, uuid4().hex)
        token = path.read_text(encoding="utf-8")
    # A copied folder, or image, has the same file: add the machine's name and the path.
    return artifacts.fingerprint([token, platform.node(), str(path)])[:32]


def is_owned(run: Any) -> bool:
    """Return whether this folder may change a run: it wrote the run, or nobody is its owner."""
    # A database file has one lock for all; old runs have no owner tag.
    return store.database_path() is not None or run.data.tags.get(WRITER) in (None, writer_id())


def is_abandoned(run: Any) -> bool:
    """Return whether nobody still writes this run; requires this folder's writer lock."""
    return is_owned(run) or is_expired(started_ms(run))


def is_expired(at_ms: int) -> bool:
    return now_ms() - at_ms > LEASE_MS


def started_ms(run: Any) -> int:
    return int(run.data.tags.get(STARTED, 0))


def sort_runs(runs: Iterable[Any]) -> list[Any]:
    """Sort equal runs, the one to keep first: the same order on every machine."""
    return sorted(runs, key=lambda run: (started_ms(run), run.info.run_id))


def remove_duplicates(client: Any, same: Sequence[Any]) -> Any | None:
    """Delete duplicates of a run; return the kept one.

    Keep the first finished run, and runs that other writers still own.
    """
    finished = sort_runs(run for run in same if run.info.status == "FINISHED")
    for run in same:
        if run not in finished[:1] and (run in finished or is_abandoned(run)):
            client.delete_run(run.info.run_id)  # a duplicate, or interrupted
    return finished[0] if finished else None


def keep_single(client: Any, experiment_id: str, tag: str, run_id: str) -> bool:
    """Remove duplicates of a finished run by its `tag`; return whether this run was kept.

    The last writer sees all duplicates, and every writer removes the same ones: so exactly one
    stays, in any order.
    """
    if store.database_path() is not None:
        return True  # the file lock has excluded others
    key = client.get_run(run_id).data.tags[tag]
    runs = client.search_runs(
        [experiment_id], f"tags.`{tag}` = '{key}' and attributes.status = 'FINISHED'"
    )
    first = remove_duplicates(client, runs)
    return first is not None and first.info.run_id == run_id


def set_tag(client: Any, run_id: str, name: str, value: str) -> None:
    """Tag a run that another machine may have deleted meanwhile as a duplicate."""
    from mlflow.exceptions import MlflowException

    try:
        store.retry(client.set_tag, run_id, name, value)
    except MlflowException:
        if client.get_run(run_id).info.lifecycle_stage != "deleted":
            raise
