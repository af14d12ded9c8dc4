"""Start workers for a run, and end them with it."""

import contextlib
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from foursplit.config.schema import Params
from foursplit.core import reproducible_env
from foursplit.runner.workers import client
from foursplit.runner.workers.preload import PreloadPlan, preload_plan

GRACE_S = 5.0  # for a worker to end its children

KILL_GRACE_S = 1.0  # for a killed one to end: it may wait for a disk


@contextmanager
def warm_worker(params: Params) -> Iterator[dict[str, str]]:
    """Yield the environment that makes DVC's commands run as forks of one worker.

    Empty if that is not possible: then every command runs in a process of its own.
    """
    if sys.platform != "linux":
        yield {}
        return
    with socket_folder() as folder:
        parent = start_worker(folder / "socket", preload_plan(params), (), params)
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
    socket: Path, commands: PreloadPlan, libraries: Sequence[str], params: Params
) -> "subprocess.Popen[bytes] | None":
    """Start a worker that forks `commands` and preloads `libraries`; None if it fails."""
    parent = spawn_worker(socket, params)
    if send_plan(parent, commands, libraries):
        return parent
    stop_worker(parent)
    return None


def spawn_worker(
    socket: Path, params: Params, log: Path | None = None
) -> "subprocess.Popen[bytes]":
    """Start the process of a worker, which waits for its plan.

    Messages of its libraries go to `log`, or to standard error.
    """
    settings = reproducible_env.settings(params.run.instruction_set, params.run.threads)
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


def send_plan(
    parent: "subprocess.Popen[bytes]", commands: PreloadPlan, libraries: Sequence[str]
) -> bool:
    """Send a worker its plan; return whether it is ready."""
    assert parent.stdin is not None
    assert parent.stdout is not None
    try:
        task = {"plan": commands, "ahead": list(libraries)}
        parent.stdin.write(json.dumps(task).encode() + b"\n")
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


def stop_worker(parent: "subprocess.Popen[bytes]") -> None:
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
