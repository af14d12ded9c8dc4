"""Run a server, and end it when whoever asked for it is gone, however that came about.

Started as `guard.py FOLDER COMMAND…` with a pipe as standard input that its owner holds open: a
kill of the owner closes it, and nobody else removes FOLDER then (- for none).  Imports the standard
library only, for it starts by itself.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time

TICK_S = 0.2

GRACE_S = 5.0  # for the server to end, before it is killed


def main() -> int:
    """Wait for the server's end, or for that of the owner; return the server's exit code."""
    folder, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # meant for the server: we wait for it
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, preexec_fn=lambda: _usual(signal.SIGTERM)
    )
    while server.poll() is None and not _alone():
        pass
    if server.poll() is None:
        _end(server)
    code = server.wait()
    if _alone():
        if folder != "-":
            shutil.rmtree(folder, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)  # what the server has left, and ourselves
    return code if code >= 0 else 128 - code


def _usual(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)


def _alone() -> bool:
    """Wait a moment; say whether the owner's end of the pipe is closed."""
    ready, _, _ = select.select([sys.stdin], [], [], TICK_S)
    return bool(ready) and not os.read(sys.stdin.fileno(), 1)


def _end(server: "subprocess.Popen[bytes]") -> None:
    """Ask our group to end, which is the server and all that it started; kill it in the end."""
    os.killpg(0, signal.SIGTERM)
    end = time.monotonic() + GRACE_S
    while server.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        server.kill()


if __name__ == "__main__":
    sys.exit(main())
