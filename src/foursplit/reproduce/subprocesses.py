"""Subprocesses that end together with this process."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

GRACE_S = 5.0  # for a command to exit, before it is killed

STOP_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""Signals other than Ctrl-C that end this process."""


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, quiet: bool = False
) -> int:
    """Run a command in `folder`, with output on the terminal unless `quiet`; return its code."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else None,
        stderr=subprocess.DEVNULL if quiet else None,
        # A process group: Ctrl-C reaches only this process, which ends the whole group.
        start_new_session=True,
    )
    try:
        return process.wait()
    except BaseException:
        with ignore_signals():
            _end(process)
        raise


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command's process group: DVC does not end its stages' processes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Handle a closed terminal or `kill` like Ctrl-C, so that cleanup runs."""
    handlers = {number: signal.signal(number, _interrupt) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def ignore_signals() -> Iterator[None]:
    """Ignore signals, so that cleanup completes."""
    handlers = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *STOP_SIGNALS)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
