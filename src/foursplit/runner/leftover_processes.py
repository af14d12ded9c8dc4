"""What a run has started, on record: a run that comes after a kill ends it before it writes.

Whoever kills a run leaves its workers alive for seconds, and two processes would write the same
outputs.
"""

import contextlib
import os
import signal
import stat
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.runner import processes

FILE_NAME = "workers.json"

KILL_TIMEOUT_S = 10.0  # for a process to go after it was killed

POLL_S = 0.02

PREFIX = "foursplit-"
"""Of the folder that holds the sockets of a run."""


class WorkerRecord:
    """The record of one run, in a file that its end removes."""

    def __init__(self, state: Path) -> None:
        self.path = state / FILE_NAME
        self.content: dict[str, Any] = {
            "runner": _process_id(os.getpid()), "workers": [], "sockets": [],
        }  # fmt: skip
        artifacts.write_json(self.path, self.content)

    def add(self, pid: int, sockets: Path | None = None) -> None:
        """Put a process on record, and the folder of its socket."""
        self.content["workers"].append(_process_id(pid))
        if sockets is not None and str(sockets) not in self.content["sockets"]:
            self.content["sockets"].append(str(sockets))
        artifacts.write_json(self.path, self.content)

    def close(self) -> None:
        self.path.unlink(missing_ok=True)


def _process_id(pid: int) -> list[int | None]:
    return [pid, processes.start_ticks(pid)]


def describe_active_run(state: Path) -> str:
    """Name the run that is at work, where it is known."""
    pid = _live_pid(_read(state / FILE_NAME).get("runner"))
    return processes.describe(pid) if pid else ""


def end_leftovers(state: Path) -> int:
    """End what a run that was killed has left behind; return the number of processes.

    Only who keeps all other runs out may call it.
    """
    content = _read(state / FILE_NAME)
    alive = [pid for mark in content.get("workers", []) if (pid := _live_pid(mark))]
    ended = {pid: processes.start_ticks(pid) for pid in alive}
    for pid in alive:
        ended |= {child: processes.start_ticks(child) for child in processes.descendants(pid)}
    for pid in [*alive, *(ended.keys() - set(alive))]:  # parents first: they start no more
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _wait(ended)
    for name in content.get("sockets", []):
        _remove_sockets(Path(name))
    (state / FILE_NAME).unlink(missing_ok=True)
    return len(ended)


def _wait(marks: dict[int, int | None]) -> None:
    end = time.monotonic() + KILL_TIMEOUT_S
    while left := [
        pid for pid, when in marks.items() if when and processes.start_ticks(pid) == when
    ]:
        if time.monotonic() > end:
            named = "; ".join(processes.describe(pid) for pid in left)
            raise FoursplitError(
                f"a run that was killed has left {named}, which does not end though it was killed "
                "(it may wait for a disk). Once it is gone, run again."
            )
        time.sleep(POLL_S)


def _live_pid(mark: Any) -> int | None:
    """Return the number on record, if it is still that of the same process."""
    match mark:
        case [int(pid), int(when)] if processes.start_ticks(pid) == when:
            return pid
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = artifacts.read_json(path)
    except (FoursplitError, OSError, UnicodeDecodeError):
        return {}  # no run was killed, or not even its record was written
    return content if isinstance(content, dict) else {}


def _remove_sockets(folder: Path) -> None:
    """Remove a folder of sockets that nobody listens to any more, and nothing else."""
    if folder.parent != Path(tempfile.gettempdir()) or not folder.name.startswith(PREFIX):
        return
    if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.getuid():
        return
    for path in _sockets(folder.iterdir()):
        path.unlink()
    with contextlib.suppress(OSError):  # something else lies there, and stays
        folder.rmdir()


def _sockets(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if stat.S_ISSOCK(path.lstat().st_mode)]
