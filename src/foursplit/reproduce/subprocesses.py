"""Commands that end with us: whoever stops this process stops all that it started."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

GRACE_S = 5.0  # for a command to end in order, before it is killed

STOP_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""What ends us without being asked for by a person's Ctrl-C."""


def run(
    command: Sequence[str], folder: Path, surroundings: Mapping[str, str], *, quiet: bool = False
) -> int:
    """Run a command in `folder` to its end, on our screen unless `quiet`; give its exit code."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(surroundings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else None,
        stderr=subprocess.DEVNULL if quiet else None,
        # A group of its own: Ctrl-C reaches us alone, and we end all of it.
        start_new_session=True,
    )
    try:
        return process.wait()
    except BaseException:
        with ignore_signals():
            _end(process)
        raise


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command's whole group: DVC does not end what its stages have started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Let a closed terminal or a `kill` end us as Ctrl-C does, with all that is cleared up then."""
    before = {sign: signal.signal(sign, _interrupt) for sign in STOP_SIGNALS}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


@contextmanager
def ignore_signals() -> Iterator[None]:
    """Clear up to the end, however often Ctrl-C is pressed."""
    before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in (signal.SIGINT, *STOP_SIGNALS)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
