"""Mend DVC's record of who reads and writes what, which a killed process leaves torn or stale.

DVC takes any process with a number on record for the one that left it there: after a restart, and
in a container nearly always, that is another program, and everybody waits for it for good.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from foursplit.io import artifacts
from foursplit.runner import processes

OWN_COMMAND_PREFIX = "foursplit repro ("
"""How the entries begin that our runs make; of these one is at work at a time."""

CLOCK_TOLERANCE_S = 2.0  # by which the two clocks may differ


def remove_stale_entries(root: Path) -> list[str]:
    """Remove what no living process can have left; say what, a line each.

    Only who keeps all other runs of ours out may call it.
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
        return []  # another DVC writes it at this moment, and so it is not torn


def _remove_stale_entries(path: Path, name: Path) -> list[str]:
    content = _read(path)
    if content is None:
        path.unlink(missing_ok=True)
        return [f"removed {name}: a killed process left it torn"]
    written = path.stat().st_mtime
    gone: set[str] = set()
    left = {
        "read": {
            file: left_here
            for file, entries in content.get("read", {}).items()
            if (left_here := [entry for entry in entries if _is_alive(entry, written, gone)])
        },
        "write": {
            file: entry
            for file, entry in content.get("write", {}).items()
            if _is_alive(entry, written, gone)
        },
    }
    if not gone:
        return []
    artifacts.write_text(path, json.dumps(left))
    return [f"{name}: {who} is at work no more; its entries are removed" for who in sorted(gone)]


def _read(path: Path) -> dict[str, Any] | None:
    """Read the record; None where it is torn."""
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


def _is_alive(entry: dict[str, Any], written: float, gone: set[str]) -> bool:
    """Return whether the process that left an entry still runs; put it into `gone` if not."""
    pid, command = entry["pid"], entry["cmd"]
    alive = (
        not command.startswith(OWN_COMMAND_PREFIX)
        and pid != os.getpid()
        and _may_be_writer(pid, written)
    )
    if not alive:
        gone.add(f"process {pid} ({command})")
    return alive


def _may_be_writer(pid: int, written: float) -> bool:
    """Return whether this may be the DVC that wrote an entry by then: its program, and its age."""
    if not processes.PROC.is_dir():
        return True  # nothing is known of it
    started, words = processes.start_time(pid), processes.command_line(pid)
    if started is None:
        return False
    return ("dvc" in words or "foursplit" in words) and started <= written + CLOCK_TOLERANCE_S
