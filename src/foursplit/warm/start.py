"""Start a warm parent for a run of DVC, and end it with the run."""

import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foursplit.core import environment
from foursplit.core.experiment import Params
from foursplit.warm import client
from foursplit.warm.plan import plan

GRACE_S = 5.0  # for the parent to end its children


@contextmanager
def warm(params: Params) -> Iterator[dict[str, str]]:
    """Yield the environment that makes DVC's commands run as forks of a warm parent.

    Empty where that cannot be had: then every command runs by itself, as without us.
    """
    if sys.platform != "linux":
        yield {}
        return
    # Private to the user (mode 700), and short: a socket's path has 107 bytes.
    with tempfile.TemporaryDirectory(prefix="foursplit-") as name:
        folder = Path(name)
        parent = _start(folder / "socket", params)
        if parent is None:
            yield {}
            return
        try:
            yield {
                client.SOCKET: str(folder / "socket"),
                "SHELL": str(_shell(folder / "sh")),
            }
        finally:
            _end(parent)


def _start(socket: Path, params: Params) -> "subprocess.Popen[bytes] | None":
    settled = environment.settings(params.run.kernels, params.run.threads)
    own = {k: v for k, v in os.environ.items() if k not in environment.SETTLED}
    parent = subprocess.Popen(
        [sys.executable, "-m", "foursplit.warm.parent", str(socket)],
        env={**own, **settled},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the commands
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    try:
        parent.stdin.write(json.dumps(plan(params)).encode() + b"\n")
        parent.stdin.flush()
        if parent.stdout.readline() == b"ready\n":
            return parent
    except BrokenPipeError:
        pass
    _end(parent)
    return None


def _shell(path: Path) -> Path:
    """Write the client as a program of its own: DVC starts `$SHELL -c COMMAND`."""
    # Isolated and without site-packages: it starts in a hundredth of a second.
    path.write_text(f"#!{sys.executable} -IS\n{Path(client.__file__).read_text()}")
    path.chmod(stat.S_IRWXU)
    return path


def _end(parent: "subprocess.Popen[bytes]") -> None:
    for pipe in (parent.stdin, parent.stdout):
        if pipe is not None:
            pipe.close()
    try:
        parent.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        parent.kill()
        parent.wait()
