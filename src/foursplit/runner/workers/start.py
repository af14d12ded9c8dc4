"""Start warm parents for a run, and end them with it."""

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

GRACE_S = 5.0  # for a parent to end its children

KILL_GRACE_S = 1.0  # for one that was killed to go: it may wait for a disk, and then nothing helps


@contextmanager
def warm_worker(params: Params) -> Iterator[dict[str, str]]:
    """Yield the environment that makes DVC's commands run as forks of one warm parent.

    Empty where that cannot be had: then every command runs by itself, as without us.
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
    socket: Path, commands: PreloadPlan, ahead: Sequence[str], params: Params
) -> "subprocess.Popen[bytes] | None":
    """Start a parent that forks `commands` and imports `ahead` of them; None if it cannot be."""
    parent = spawn_worker(socket, params)
    if send_plan(parent, commands, ahead):
        return parent
    stop_worker(parent)
    return None


def spawn_worker(
    socket: Path, params: Params, log: Path | None = None
) -> "subprocess.Popen[bytes]":
    """Start the process of a parent, which waits for its plan.

    What its libraries have to say of themselves goes to `log`, or to our own standard error.
    """
    settled = reproducible_env.settings(params.run.kernels, params.run.threads)
    own = {k: v for k, v in os.environ.items() if k not in reproducible_env.SETTLED}
    with contextlib.ExitStack() as stack:
        errors = None if log is None else stack.enter_context(log.open("ab"))
        return subprocess.Popen(
            [sys.executable, "-m", "foursplit.runner.workers.server", str(socket)],
            env={**own, **settled},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for the commands
        )


def send_plan(
    parent: "subprocess.Popen[bytes]", commands: PreloadPlan, ahead: Sequence[str]
) -> bool:
    """Hand a parent its plan; say whether it is ready."""
    assert parent.stdin is not None
    assert parent.stdout is not None
    try:
        task = {"plan": commands, "ahead": list(ahead)}
        parent.stdin.write(json.dumps(task).encode() + b"\n")
        parent.stdin.flush()
        return parent.stdout.readline() == b"ready\n"
    except BrokenPipeError:
        return False


def _shell(path: Path) -> Path:
    """Write the client as a program of its own: DVC starts `$SHELL -c COMMAND`."""
    # Isolated and without site-packages: it starts in a hundredth of a second.
    path.write_text(f"#!{sys.executable} -IS\n{Path(client.__file__).read_text()}")
    path.chmod(stat.S_IRWXU)
    return path


def stop_worker(parent: "subprocess.Popen[bytes]") -> None:
    """Let a parent kill its children and leave; kill it if it does not."""
    for pipe in (parent.stdin, parent.stdout):
        if pipe is not None:
            pipe.close()
    try:
        parent.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        parent.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            parent.wait(KILL_GRACE_S)
