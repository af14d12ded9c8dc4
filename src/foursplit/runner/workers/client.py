"""Replacement for the shell that DVC starts: sends the command to the worker and waits.

Runs standalone under `python -IS`, so it imports little, and from the standard library only.  If no
worker answers, or it declines, /bin/sh runs the command.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys

SOCKET = "FOURSPLIT_WARM"
POLL_S = 0.5  # between checks that DVC is alive


def main() -> None:
    """Run `client -c COMMAND`; exit as the command does."""
    command = sys.argv[-1]
    connection = _connect()
    if connection is None:
        _exec_shell(command)
    assert connection is not None
    # Caught from here on, so that none is lost before the child's pid arrives.
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: signals.append(number))
    folder = os.getcwd()  # noqa: PTH109, importing pathlib takes longer than all of this
    request = {
        "command": command,
        "cwd": folder,
        "env": dict(os.environ),
        "limits": resource_limits(),
    }
    answer = _request_child(connection, request)
    if answer is None:
        _exec_shell(command)
    sys.exit(_wait(connection, int(answer or 0), signals))


def _connect() -> "socket.socket | None":
    path = os.environ.get(SOCKET)
    if not path:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError:
        return None
    return connection


def _request_child(connection: socket.socket, request: object) -> "str | None":
    """Send the request with the standard streams; return the child's pid, None if declined."""
    try:
        send(connection, request, [0, 1, 2])
        answer = _read_line(connection)
    except OSError:
        return None
    field, _, value = answer.partition(" ")
    return value if field == "pid" else None


def send(connection: socket.socket, request: object, streams: "list[int]") -> None:
    """Send a request and the three standard streams of the command."""
    content = json.dumps(request).encode()
    socket.send_fds(connection, [len(content).to_bytes(8, "big")], streams)
    connection.sendall(content)


def _read_line(connection: socket.socket) -> str:
    content = b""
    while not content.endswith(b"\n"):
        try:
            data = connection.recv(1)
        except InterruptedError:
            continue
        if not data:
            break
        content += data
    return content.decode().strip()


def _wait(connection: socket.socket, child: int, signals: "list[int]") -> int:
    """Forward signals until the child has ended; return its exit code."""
    parent = os.getppid()
    while True:
        while signals:
            _send_signal(child, signals.pop(0))
        if os.getppid() != parent:  # DVC has ended, so nobody needs the result
            _send_signal(child, signal.SIGKILL)
        ready, _, _ = select.select([connection], [], [], POLL_S)
        if ready:
            answer = _read_line(connection)
            # No reply: the worker was killed, and its children with it.
            return int(answer.partition(" ")[2]) if answer else 128 + signal.SIGKILL


def _send_signal(child: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, number)  # the child leads a process group


def resource_limits() -> "dict[str, tuple[int, int]]":
    """Return this process's resource limits, for the command."""
    import resource

    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}


def _exec_shell(command: str) -> None:
    """Become a plain shell, for this command and its children."""
    os.environ["SHELL"] = "/bin/sh"
    os.environ.pop(SOCKET, None)
    os.execv("/bin/sh", ["/bin/sh", "-c", command])


if __name__ == "__main__":
    main()
