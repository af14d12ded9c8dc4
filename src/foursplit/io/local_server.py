"""A server on this machine alone, which Ctrl-C ends with all that it started."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from foursplit.core.errors import FoursplitError
from foursplit.io import server_guard

HOST = "127.0.0.1"  # nobody from outside may delete runs, nor ask a model

START_TIMEOUT_S = 120.0  # for the server to answer, on a slow disk and a busy machine

GRACE_S = 5.0  # for it to end, before it is killed


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What is to be started, and what to say once it answers."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    port: int
    ready: str
    folder: Path | None = None  # that it reads, and that nobody needs after it


def require_free(port: int, command: str) -> None:
    """Refuse a port that is taken, naming the `command` to try in its place."""
    with socket.socket() as probe:
        # As the server does: a port that was in use a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise FoursplitError(
                f"port {port} of {HOST} cannot be used ({error}); choose another: "
                f"{command} --port {port + 1 if port < 65535 else 5001}"
            ) from error


def run(server: Server) -> None:
    """Serve until Ctrl-C, SIGTERM, or the end of the terminal or of this process."""
    before = {sign: signal.signal(sign, _leave) for sign in signals()}
    process = subprocess.Popen(
        [sys.executable, "-IS", server_guard.__file__, str(server.folder or "-"), *server.command],
        env=dict(server.env),
        stdin=subprocess.PIPE,  # which closes with us
        # A group of its own: Ctrl-C reaches us alone, and we end all of it.
        start_new_session=True,
    )
    try:
        _wait(process, server)
        click.echo(server.ready)
        code = process.wait()
        raise FoursplitError(
            f"{server.name} ended by itself (exit code {code}); see the lines above."
        )
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # the terminal is gone
            click.echo("")
    finally:
        for sign in before:  # who presses Ctrl-C twice must not leave half of it running
            signal.signal(sign, signal.SIG_IGN)
        _end(process)
        assert process.stdin is not None
        process.stdin.close()
        for sign, handler in before.items():
            signal.signal(sign, handler)


def signals() -> list[signal.Signals]:
    """List the signals that end a server; under `nohup` the terminal's end is none."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT, *([] if ignored else [signal.SIGHUP])]


def _wait(process: "subprocess.Popen[bytes]", server: Server) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, server.port)) == 0:
                return
        time.sleep(0.1)
    raise FoursplitError(
        f"{server.name} did not answer on port {server.port}; see the lines above."
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the group: its first process, and what that started and may have left running."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    end = time.monotonic() + GRACE_S
    while time.monotonic() < end:
        process.poll()  # reaps it
        if not _alive(process.pid):
            return
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _leave(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
