"""Run a server, and end it when its owner process ends, even if that was killed.

Started as `server_guard.py FOLDER COMMAND…` with a pipe from the owner as standard input: the pipe
closes when the owner ends.  The guard then removes FOLDER (- for none).  Imports the standard
library only, because it runs as a script.
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

GRACE_S = 5.0  # until the server ends, before it is killed


def main() -> int:
    """Wait until the server or the owner ends; return the server's exit code."""
    folder, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # meant for the server, whose end is awaited
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, preexec_fn=lambda: _restore_default(signal.SIGTERM)
    )
    while server.poll() is None and not _owner_is_gone():
        pass
    if server.poll() is None:
        _end(server)
    code = server.wait()
    if _owner_is_gone():
        if folder != "-":
            shutil.rmtree(folder, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)  # remaining children of the server, and this process
    return code if code >= 0 else 128 - code


def _restore_default(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)


def _owner_is_gone() -> bool:
    """Wait briefly; check whether the owner's end of the pipe is closed."""
    ready, _, _ = select.select([sys.stdin], [], [], TICK_S)
    return bool(ready) and not os.read(sys.stdin.fileno(), 1)


def _end(server: "subprocess.Popen[bytes]") -> None:
    """Send SIGTERM to the process group of the server; kill the server after the grace period."""
    os.killpg(0, signal.SIGTERM)
    end = time.monotonic() + GRACE_S
    while server.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        server.kill()


if __name__ == "__main__":
    sys.exit(main())
