"""Repair DVC's file of read and write locks, which a killed process leaves torn or stale.

DVC takes any process with a recorded pid for the one that wrote the entry.  After a restart, and
in a container nearly always, it is another program, and everybody waits for it forever.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from foursplit.io import artifacts
from foursplit.runner import processes

OWN_COMMAND_PREFIX = "foursplit repro ("
"""Prefix of the entries of Foursplit's runs; one run is active at a time."""

CLOCK_TOLERANCE_S = 2.0  # between the two clocks


def remove_stale_entries(root: Path) -> list[str]:
    """Remove the entries of dead processes; return a line for each.

    The caller must hold Foursplit's run lock.
    """
    path = root / ".dvc" / "tmp" / "rwlock"
    if not path.is_file():
        return []
    content = _read(path)
    if content is not None and not [*_entries(content)]:
        return []
    from dvc.lock import LockError, make_lock

    try:
        with make_lock(str(path.with_name("rwlock.lock")), tmp_dir=str(path.parent)):
            return _remove_stale_entries(path, path.relative_to(root))
    except LockError:
        return []  # another DVC is writing it, so it is not torn


def _remove_stale_entries(path: Path, name: Path) -> list[str]:
    content = _read(path)
    if content is None:
        path.unlink(missing_ok=True)
        return [f"removed {name}: torn by a killed process"]
    written = path.stat().st_mtime
    dead_writers: set[str] = set()
    remaining = {
        "read": {
            file: live_entries
            for file, entries in content.get("read", {}).items()
            if (
                live_entries := [
                    entry for entry in entries if _is_alive(entry, written, dead_writers)
                ]
            )
        },
        "write": {
            file: entry
            for file, entry in content.get("write", {}).items()
            if _is_alive(entry, written, dead_writers)
        },
    }
    if not dead_writers:
        return []
    artifacts.write_text(path, json.dumps(remaining))
    return [
        f"{name}: {writer} has ended; its entries were removed" for writer in sorted(dead_writers)
    ]


def _read(path: Path) -> dict[str, Any] | None:
    """Read the record; None if it is torn."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        for entry in _entries(content):
            int(entry["pid"]), str(entry["cmd"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return content


def _entries(content: Any) -> Iterator[Any]:
    yield from content.get("write", {}).values()
    for entries in content.get("read", {}).values():
        yield from entries


def _is_alive(entry: dict[str, Any], written: float, dead_writers: set[str]) -> bool:
    """Return whether the process of an entry still runs; add it to `dead_writers` if not."""
    pid, command = entry["pid"], entry["cmd"]
    alive = (
        not command.startswith(OWN_COMMAND_PREFIX)
        and pid != os.getpid()
        and _may_be_writer(pid, written)
    )
    if not alive:
        dead_writers.add(f"process {pid} ({command})")
    return alive


def _may_be_writer(pid: int, written: float) -> bool:
    """Return whether a process may have written the entry, by its program and start time."""
    if not processes.PROC.is_dir():
        return True  # no information
    started, command = processes.start_time(pid), processes.command_line(pid)
    if started is None:
        return False
    return ("dvc" in command or "foursplit" in command) and started <= written + CLOCK_TOLERANCE_S
