"""A record of the processes of a run: after a kill, the next run ends them before it writes.

The workers of a killed run live for seconds, and two processes would write the same outputs.
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

KILL_TIMEOUT_S = 10.0  # for a killed process to end

POLL_S = 0.02

PREFIX = "foursplit-"
"""Prefix of the folder with the sockets of a run."""


class WorkerRecord:
    """The record of one run, in a file that is removed when the run ends."""

    def __init__(self, state: Path) -> None:
        self.path = state / FILE_NAME
        self.content: dict[str, Any] = {
            "runner": _process_id(os.getpid()),
            "workers": [],
            "sockets": [],
        }
        artifacts.write_json(self.path, self.content)

    def add(self, pid: int, sockets: Path | None = None) -> None:
        """Record a process and the folder of its socket."""
        self.content["workers"].append(_process_id(pid))
        if sockets is not None and str(sockets) not in self.content["sockets"]:
            self.content["sockets"].append(str(sockets))
        artifacts.write_json(self.path, self.content)

    def close(self) -> None:
        self.path.unlink(missing_ok=True)


def _process_id(pid: int) -> list[int | None]:
    return [pid, processes.start_ticks(pid)]


def describe_active_run(state: Path) -> str:
    """Describe the process of the active run; empty if unknown."""
    pid = _live_pid(_read(state / FILE_NAME).get("runner"))
    return processes.describe(pid) if pid else ""


def end_leftovers(state: Path) -> int:
    """End the processes of a killed run; return their number.

    The caller must hold the run lock.
    """
    content = _read(state / FILE_NAME)
    alive = [pid for entry in content.get("workers", []) if (pid := _live_pid(entry))]
    start_ticks = {pid: processes.start_ticks(pid) for pid in alive}
    for pid in alive:
        start_ticks |= {child: processes.start_ticks(child) for child in processes.descendants(pid)}
    for pid in [
        *alive,
        *(start_ticks.keys() - set(alive)),
    ]:  # workers first: they start no more children
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _wait(start_ticks)
    for name in content.get("sockets", []):
        _remove_sockets(Path(name))
    (state / FILE_NAME).unlink(missing_ok=True)
    return len(start_ticks)


def _wait(start_ticks: dict[int, int | None]) -> None:
    end = time.monotonic() + KILL_TIMEOUT_S
    while alive := [
        pid for pid, ticks in start_ticks.items() if ticks and processes.start_ticks(pid) == ticks
    ]:
        if time.monotonic() > end:
            names = "; ".join(processes.describe(pid) for pid in alive)
            raise FoursplitError(
                f"a killed run has left {names}, which does not end although it was killed "
                "(it may wait for a disk). Run again once it has ended."
            )
        time.sleep(POLL_S)


def _live_pid(entry: Any) -> int | None:
    """Return the recorded pid, if it still belongs to the same process."""
    match entry:
        case [int(pid), int(ticks)] if processes.start_ticks(pid) == ticks:
            return pid
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = artifacts.read_json(path)
    except (FoursplitError, OSError, UnicodeDecodeError):
        return {}  # no run was killed, or its record was not written
    return content if isinstance(content, dict) else {}


def _remove_sockets(folder: Path) -> None:
    """Remove a folder of unused sockets, and nothing else."""
    if folder.parent != Path(tempfile.gettempdir()) or not folder.name.startswith(PREFIX):
        return
    if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.getuid():
        return
    for path in _sockets(folder.iterdir()):
        path.unlink()
    with contextlib.suppress(OSError):  # other files stay
        folder.rmdir()


def _sockets(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if stat.S_ISSOCK(path.lstat().st_mode)]
