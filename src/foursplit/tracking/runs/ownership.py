"""Who writes to a store that several machines share, where no file lock reaches.

A lock on a file keeps the other processes of one folder out; another machine, or another clone,
has a lock of its own.  So a run says which folder writes it and since when: nobody touches what
another folder may still be writing, and of two equal runs all agree which one stays.
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

WRITER, STARTED = "foursplit.writer", "foursplit.begun"

LEASE_MS = 3_600_000  # a run is written in seconds, and clocks differ by less


def tags() -> dict[str, str]:
    """Mark what is begun here and now."""
    return {WRITER: writer_id(), STARTED: str(now_ms())}


def now_ms() -> int:
    return int(time.time() * 1000)


def writer_id() -> str:
    """Name this project's folder on this machine: all its processes share one lock."""
    path = paths.state() / "writer"
    path.parent.mkdir(exist_ok=True)
    with FileLock(path.with_name("writer.lock")):
        if not path.is_file():
            artifacts.write_text(path, uuid4().hex)
        drawn = path.read_text(encoding="utf-8")
    # A copied folder, or image, brings its file along: the machine's name tells them apart.
    return artifacts.fingerprint([drawn, platform.node(), str(path)])[:32]


def is_owned(run: Any) -> bool:
    """Tell whether whoever wrote this run holds the lock that we hold, or is gone."""
    # A file has one lock for all, and runs from before they were marked have nobody to ask.
    return store.database_path() is not None or run.data.tags.get(WRITER) in (None, writer_id())


def is_abandoned(run: Any) -> bool:
    """Tell whether nobody writes this run any more; the lock of this folder must be held."""
    return is_owned(run) or is_expired(started_ms(run))


def is_expired(at_ms: int) -> bool:
    return now_ms() - at_ms > LEASE_MS


def started_ms(run: Any) -> int:
    return int(run.data.tags.get(STARTED, 0))


def sort_runs(runs: Iterable[Any]) -> list[Any]:
    """Sort equal runs, the one to keep first: the same order for whoever asks."""
    return sorted(runs, key=lambda run: (started_ms(run), run.info.run_id))


def remove_duplicates(client: Any, same: Sequence[Any]) -> Any | None:
    """Of equal runs leave the first that is finished, and what others still write; give it."""
    finished = sort_runs(run for run in same if run.info.status == "FINISHED")
    for run in same:
        if run not in finished[:1] and (run in finished or is_abandoned(run)):
            client.delete_run(run.info.run_id)  # written twice, or half: somebody was stopped
    return finished[0] if finished else None


def keep_single(client: Any, experiment_id: str, tag: str, run_id: str) -> bool:
    """Having finished a run, see to it that one of its `tag` remains; tell whether it is ours.

    Whoever finishes last sees all, and whoever sees several removes the same ones: so one stays,
    in whatever order they come.
    """
    if store.database_path() is not None:
        return True  # its lock has kept all others out
    key = client.get_run(run_id).data.tags[tag]
    found = client.search_runs(
        [experiment_id], f"tags.`{tag}` = '{key}' and attributes.status = 'FINISHED'"
    )
    first = remove_duplicates(client, found)
    return first is not None and first.info.run_id == run_id


def set_tag(client: Any, run_id: str, name: str, value: str) -> None:
    """Tag a run that another machine may have removed meanwhile as the second of its kind."""
    from mlflow.exceptions import MlflowException

    try:
        store.retry(client.set_tag, run_id, name, value)
    except MlflowException:
        if client.get_run(run_id).info.lifecycle_stage != "deleted":
            raise
