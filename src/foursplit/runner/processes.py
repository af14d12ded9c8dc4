"""Look at this machine's processes, as Linux lists them; elsewhere nothing is known of them."""

import os
import time
from pathlib import Path

PROC = Path("/proc")

MAX_COMMAND_CHARS = 100  # characters of a command line that are shown


def command_line(pid: int) -> str:
    """Return a process's command line; nothing where there is no such process, or it has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def start_ticks(pid: int) -> int | None:
    """Return when a process started, in the kernel's ticks: no other has its number and this."""
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] != "Z" else None


def start_time(pid: int) -> float | None:
    """Return when a process started, in seconds since 1970."""
    ticks = start_ticks(pid)
    if ticks is None:
        return None
    ago = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - ago


def _stat(pid: int) -> list[str]:
    """Split what the kernel says of a process, from its state on."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return []


def describe(pid: int) -> str:
    """Describe a process for a person: its number and what it runs."""
    words = command_line(pid)
    if not words:
        return f"process {pid}"
    return f"process {pid}: {words if len(words) <= MAX_COMMAND_CHARS else words[:MAX_COMMAND_CHARS] + '…'}"


def lock_holder(path: Path) -> str:
    """Describe the process whose number a lock file holds; nothing where it holds none."""
    try:
        pid = int(path.read_text())
    except (OSError, ValueError):
        return ""
    return describe(pid)


def process_group(leader: int) -> set[int]:
    """List the processes of a process group."""
    numbers = {int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit()}
    return {pid for pid in numbers if (fields := _stat(pid)) and int(fields[2]) == leader}


def descendants(pid: int) -> set[int]:
    """List all that a process has started and that still runs, however far down."""
    children: dict[int, list[int]] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found: set[int] = set()
    todo = [pid]
    while todo:
        new = [child for child in children.get(todo.pop(), ()) if child not in found]
        found.update(new)
        todo += new
    return found
