"""What DVC starts in place of a shell: hands the command to the warm parent and waits for its end.

Runs by itself under `python -IS`, so it imports the standard library only, and little of it.  Where
no parent answers, or the parent declines, /bin/sh runs the command as it would have without us.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys

SOCKET = "FOURSPLIT_WARM"
POLL_S = 0.5  # between looks whether DVC is still there


def main() -> None:
    """Run `client -c COMMAND`; exit as the command does."""
    command = sys.argv[-1]
    connection = _connect()
    if connection is None:
        _exec_shell(command)
    assert connection is not None
    # Caught from here on, so that none is lost before the child is known.
    caught: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: caught.append(number))
    here = os.getcwd()  # noqa: PTH109, importing pathlib takes longer than all of this
    request = {
        "command": command,
        "cwd": here,
        "env": dict(os.environ),
        "limits": resource_limits(),
    }
    answer = _request_child(connection, request)
    if answer is None:
        _exec_shell(command)
    sys.exit(_wait(connection, int(answer or 0), caught))


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
    """Send the request with our three streams; give the child's number, or None if declined."""
    try:
        send(connection, request, [0, 1, 2])
        answer = _read_line(connection)
    except OSError:
        return None
    kind, _, value = answer.partition(" ")
    return value if kind == "pid" else None


def send(connection: socket.socket, request: object, streams: "list[int]") -> None:
    """Hand over a request and the three streams that the command shall have."""
    content = json.dumps(request).encode()
    socket.send_fds(connection, [len(content).to_bytes(8, "big")], streams)
    connection.sendall(content)


def _read_line(connection: socket.socket) -> str:
    content = b""
    while not content.endswith(b"\n"):
        try:
            part = connection.recv(1)
        except InterruptedError:
            continue
        if not part:
            break
        content += part
    return content.decode().strip()


def _wait(connection: socket.socket, child: int, caught: "list[int]") -> int:
    """Pass signals on until the child has ended; give its exit code."""
    parent = os.getppid()
    while True:
        while caught:
            _send_signal(child, caught.pop(0))
        if os.getppid() != parent:  # DVC is gone: nobody is left to take the result
            _send_signal(child, signal.SIGKILL)
        ready, _, _ = select.select([connection], [], [], POLL_S)
        if ready:
            answer = _read_line(connection)
            # No answer: the warm parent was killed, and its children with it.
            return int(answer.partition(" ")[2]) if answer else 128 + signal.SIGKILL


def _send_signal(child: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, number)  # the child leads a group of its own


def resource_limits() -> "dict[str, tuple[int, int]]":
    """Give this process's limits, which the command shall have too."""
    import resource

    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}


def _exec_shell(command: str) -> None:
    """Become a plain shell, for this command and all that it starts."""
    os.environ["SHELL"] = "/bin/sh"
    os.environ.pop(SOCKET, None)
    os.execv("/bin/sh", ["/bin/sh", "-c", command])


if __name__ == "__main__":
    main()
