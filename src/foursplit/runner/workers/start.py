"""Start workers for a run, and end them with it."""

import contextlib
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from foursplit.config import paths
from foursplit.core import reproducible_env
from foursplit.runner.workers import client

if TYPE_CHECKING:  # their imports take as long as a worker needs to start
    from foursplit.config.schema import Params
    from foursplit.runner.workers.preload import PreloadPlan

Process = subprocess.Popen[bytes]

GRACE_S = 5.0  # for a worker to end its children

KILL_GRACE_S = 1.0  # for a killed one to end: it may wait for a disk


@contextmanager
def warm_worker(params: "Params") -> Iterator[dict[str, str]]:
    """Yield the environment that makes DVC's commands run as forks of one worker.

    Empty if that is not possible: then every command runs in a process of its own.
    """
    if sys.platform != "linux":
        yield {}
        return
    from foursplit.runner.workers.preload import preload_plan

    with socket_folder() as folder:
        parent = start_worker(folder / "socket", preload_plan(params), (), worker_settings(params))
        if parent is None:
            yield {}
            return
        try:
            yield {
                client.SOCKET: str(folder / "socket"),
                "SHELL": str(_shell(folder / "sh")),
            }
        finally:
            stop_worker(parent)


@contextmanager
def socket_folder() -> Iterator[Path]:
    """Yield a folder private to the user (mode 700), and short: a socket's path has 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="foursplit-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def start_worker(
    socket: Path, commands: "PreloadPlan", libraries: Sequence[str], settings: Mapping[str, str]
) -> Process | None:
    """Start a worker that forks `commands` and preloads `libraries`; None if it fails."""
    parent = spawn_worker(socket, settings)
    request_libraries(parent, libraries)
    if send_plan(parent, commands):
        return parent
    stop_worker(parent)
    return None


def worker_settings(params: "Params") -> dict[str, str]:
    """Return the variables that numeric libraries read when a worker imports them."""
    return reproducible_env.settings(params.run.instruction_set, params.run.threads)


def worker_log() -> Path:
    """Return the file for the messages of a worker's libraries."""
    log = paths.state() / "logs" / "warm.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


def spawn_worker(socket: Path, settings: Mapping[str, str], log: Path | None = None) -> Process:
    """Start the process of a worker, which waits for its libraries and its plan.

    Messages of its libraries go to `log`, or to standard error.
    """
    inherited = {
        k: v for k, v in os.environ.items() if k not in reproducible_env.DETERMINING_VARIABLES
    }
    with contextlib.ExitStack() as stack:
        errors = None if log is None else stack.enter_context(log.open("ab"))
        return subprocess.Popen(
            [sys.executable, "-m", "foursplit.runner.workers.server", str(socket)],
            env={**inherited, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for the commands
        )


def request_libraries(parent: Process, libraries: Sequence[str]) -> None:
    """Have a worker import libraries, in this order, while no command waits."""
    assert parent.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has failed, as `send_plan` will find
        parent.stdin.write(json.dumps([*libraries]).encode() + b"\n")
        parent.stdin.flush()


def send_plan(parent: Process, commands: "PreloadPlan") -> bool:
    """Send a worker the libraries of each command; return whether it is ready."""
    assert parent.stdin is not None
    assert parent.stdout is not None
    # Each list once: a pipe holds 64 KB, and a worker that imports reads it late.
    lists = [*{tuple(libraries): None for libraries in commands.values()}]
    numbers = {libraries: number for number, libraries in enumerate(lists)}
    plan = {command: numbers[tuple(libraries)] for command, libraries in commands.items()}
    try:
        parent.stdin.write(json.dumps({"lists": lists, "plan": plan}).encode() + b"\n")
        parent.stdin.flush()
        return parent.stdout.readline() == b"ready\n"
    except BrokenPipeError:
        return False


def _shell(path: Path) -> Path:
    """Write the client as a standalone program: DVC starts `$SHELL -c COMMAND`."""
    # Isolated and without site-packages: it starts in a hundredth of a second.
    path.write_text(f"#!{sys.executable} -IS\n{Path(client.__file__).read_text()}")
    path.chmod(stat.S_IRWXU)
    return path


def stop_worker(parent: Process) -> None:
    """Let a worker end its children and exit; kill it if it does not."""
    for pipe in (parent.stdin, parent.stdout):
        if pipe is not None:
            pipe.close()
    try:
        parent.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        parent.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            parent.wait(KILL_GRACE_S)
