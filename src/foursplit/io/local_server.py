"""Run a server on localhost; Ctrl-C ends it and all its child processes."""

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

HOST = "127.0.0.1"  # not reachable from outside: others must not delete runs or query a model

START_TIMEOUT_S = 120.0  # until the server answers, on a slow disk and a busy machine

GRACE_S = 5.0  # until it ends, before it is killed


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCommand:
    """Command of a server, and the message to print once it answers."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    port: int
    ready_message: str
    folder: Path | None = None  # temporary folder that it reads, removed after it


def require_free_port(port: int, command: str) -> None:
    """Raise if a port is in use; the message has a `command` with another port."""
    with socket.socket() as probe:
        # Like the server: a port that was in use a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise FoursplitError(
                f"port {port} of {HOST} cannot be used ({error}). Choose another: "
                f"{command} --port {port + 1 if port < 65535 else 5001}"
            ) from error


def run(server: ServerCommand) -> None:
    """Serve until Ctrl-C, SIGTERM, or the end of the terminal or of this process."""
    old_handlers = {number: signal.signal(number, _interrupt) for number in termination_signals()}
    process = subprocess.Popen(
        [sys.executable, "-IS", server_guard.__file__, str(server.folder or "-"), *server.command],
        env=dict(server.env),
        stdin=subprocess.PIPE,  # which closes when this process ends
        # Its own process group: Ctrl-C reaches only this process, which ends the whole group.
        start_new_session=True,
    )
    try:
        _wait(process, server)
        click.echo(server.ready_message)
        code = process.wait()
        raise FoursplitError(
            f"{server.name} ended by itself (exit code {code}). See the lines above."
        )
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # the terminal is gone
            click.echo("")
    finally:
        for number in old_handlers:  # a second Ctrl-C must not leave processes running
            signal.signal(number, signal.SIG_IGN)
        _end(process)
        assert process.stdin is not None
        process.stdin.close()
        for number, handler in old_handlers.items():
            signal.signal(number, handler)


def termination_signals() -> list[signal.Signals]:
    """Return the signals that end a server; under `nohup` without SIGHUP."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT, *([] if ignored else [signal.SIGHUP])]


def _wait(process: "subprocess.Popen[bytes]", server: ServerCommand) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, server.port)) == 0:
                return
        time.sleep(0.1)
    raise FoursplitError(
        f"{server.name} did not answer on port {server.port}. See the lines above."
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process group, including children that the server left running."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    end = time.monotonic() + GRACE_S
    while time.monotonic() < end:
        process.poll()  # reaps it
        if not _is_alive(process.pid):
            return
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
