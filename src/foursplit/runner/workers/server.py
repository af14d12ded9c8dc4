"""The fork server: imports third-party libraries once, and forks a child per stage command.

It only imports, some libraries ahead of the first request.  One matrix product here would leave
thread pools that hang the children, and CUDA must not be initialized before a fork.  Of the
project's own code it imports this folder only; a child imports the rest again, so that no edit is
missed.  A command outside the plan becomes a shell, which ends with the server as well.

Started as `python -m foursplit.runner.workers.server SOCKET`.  Its standard input has a line with
the libraries to import first, and a line with the plan, before any command is sent.  The runner
keeps it open: when it closes, the runner has ended, and the server ends too.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from foursplit.runner.workers.deferred_imports import import_library

CHUNK = 1 << 16


def main() -> None:
    """Serve until standard input closes."""
    runner = os.getppid()
    # Without a buffer, or `select` would miss that the plan is there already.
    with open(0, "rb", buffering=0, closefd=False) as unbuffered:
        ahead: list[str] = json.loads(unbuffered.readline())
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(sys.argv[1])
    listener.listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    ForkServer(ahead, listener).serve()
    if os.getppid() != runner:  # it was killed, and cannot remove it
        _remove_socket(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # to unload the libraries takes half a second, for which the runner would wait


def _remove_socket(socket_path: Path) -> None:
    """Remove the server's socket, the client beside it, and the folder if it is empty then."""
    for path in (socket_path, socket_path.with_name("sh")):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # the other worker's socket
        socket_path.parent.rmdir()


class ForkServer:
    """Accept commands, and hold the connections of running children."""

    def __init__(self, ahead: list[str], listener: socket.socket) -> None:
        self.plan: dict[str, list[str]] = {}  # the libraries of each command
        self.ahead, self.listener = ahead, listener
        self.running: dict[int, socket.socket] = {}  # by process number
        self.frozen = dict(os.environ)  # variables that libraries read on import
        self.woken, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        # Ctrl-C is for the children; their clients forward it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        """Accept requests and report exits, until the runner closes standard input."""
        while True:
            watched = [sys.stdin.fileno(), self.listener, self.woken, *self.running.values()]
            ready, _, _ = select.select(watched, [], [], 0 if self.ahead else None)
            if not ready:
                self._import_next()
            if sys.stdin.fileno() in ready and not self._read_plan():
                self._end()
                return
            if self.woken in ready:
                os.read(self.woken, CHUNK)
            self._report()
            for connection in [c for c in self.running.values() if c in ready]:
                self._kill_child_of(connection)
            if self.listener in ready:
                self._accept()

    def _read_plan(self) -> bool:
        """Read the plan; return False if the input has closed."""
        line = sys.stdin.buffer.readline()
        if line:
            task: dict[str, Any] = json.loads(line)
            self.plan = {name: task["lists"][number] for name, number in task["plan"].items()}
        return bool(line)

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        try:
            request, streams = _receive(connection)
        except (OSError, ValueError, EOFError):
            connection.close()
            return
        warm = self._prepare(request["command"])
        if warm or "argv" in request:
            self._fork(connection, request, streams, warm=warm)
        else:  # the client becomes a shell
            connection.sendall(b"cold\n")
            connection.close()
        for stream in streams:
            os.close(stream)

    def _import_next(self) -> None:
        """Import the next library while no request waits."""
        # What fails here fails again when a command needs it, and is reported there.
        with contextlib.suppress(Exception):
            import_library(self.ahead.pop(0))

    def _prepare(self, command: str) -> bool:
        """Import the command's libraries; return whether a fork is safe."""
        if command not in self.plan:
            return False
        try:
            for name in self.plan[command]:
                import_library(name)
        except ImportError:
            return False
        return _single_threaded()

    def _fork(
        self, connection: socket.socket, request: Any, streams: list[int], *, warm: bool
    ) -> None:
        signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        # Imported objects are no garbage: a child's collector need not touch their pages.
        gc.freeze()
        child = os.fork()
        # A process group, set by both sides: signals reach all processes of the command.
        with contextlib.suppress(OSError):  # the child has called exec, or ended
            os.setpgid(child, child or os.getpid())
        if child == 0:
            for open_socket in (self.listener, *self.running.values()):
                open_socket.close()
            _run_in_child(request, streams, self.frozen if warm else None, signals, connection)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        self.running[child] = connection

    def _report(self) -> None:
        """Report to the clients whose children have ended."""
        while self.running:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            connection = self.running.pop(child)
            code = os.waitstatus_to_exitcode(status)
            # A client that has disconnected needs no report.
            with contextlib.suppress(OSError):
                # As a shell: 128 plus the signal's number.
                connection.sendall(f"exit {code if code >= 0 else 128 - code}\n".encode())
            connection.close()

    def _kill_child_of(self, connection: socket.socket) -> None:
        """Kill the child of a client that has disconnected."""
        for child, child_connection in self.running.items():
            if child_connection is connection:
                _kill(child)

    def _end(self) -> None:
        for child in self.running:
            _kill(child)
        for child in self.running:
            os.waitpid(child, 0)


def _kill(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _receive(connection: socket.socket) -> tuple[Any, list[int]]:
    head, streams, _, _ = socket.recv_fds(connection, 8, 3)
    if len(head) != 8 or len(streams) != 3:
        raise EOFError
    n_missing = int.from_bytes(head, "big")
    chunks = []
    while n_missing:
        data = connection.recv(min(n_missing, CHUNK))
        if not data:
            raise EOFError
        chunks.append(data)
        n_missing -= len(data)
    return json.loads(b"".join(chunks)), streams


def _single_threaded() -> bool:
    """Return whether this process has one thread; a fork would lose others."""
    names = [task / "comm" for task in Path("/proc/self/task").iterdir()]
    # Arrow's allocator restarts its own thread after a fork.
    return sum(name.read_text().strip() != "jemalloc_bg_thd" for name in names) == 1


def _run_in_child(
    request: Any,
    streams: list[int],
    frozen: dict[str, str] | None,
    signals: set[Any],
    connection: socket.socket,
) -> None:
    """Run the command in this child with its streams, folder, environment, limits and arguments.

    `frozen` holds the variables that the imported libraries have read; None runs a shell.
    """
    code = 1
    try:
        _die_with_parent()
        connection.sendall(f"pid {os.getpid()}\n".encode())
        for target, stream in enumerate(streams):
            os.dup2(stream, target)
        for stream in streams:
            os.close(stream)
        _restore_signals(signals)
        os.chdir(request["cwd"])
        _set_limits(request["limits"])
        if frozen is None:
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(request["argv"][0], request["argv"], request["env"])
        _set_environment(request["env"], frozen)
        _reopen_streams()
        code = _run(request["command"].split())
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _exit(code, connection)


def _die_with_parent() -> None:
    import ctypes

    set_death_signal = 1  # PR_SET_PDEATHSIG of Linux's prctl
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


def _restore_signals(signals: set[Any]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def _set_environment(environment: dict[str, str], frozen: dict[str, str]) -> None:
    from foursplit.core.reproducible_env import DETERMINING_VARIABLES

    os.environ.clear()
    os.environ.update(environment)
    # Numeric libraries read these on import, in the server: keep the values in force.
    os.environ.update({name: frozen[name] for name in frozen if name in DETERMINING_VARIABLES})


def _set_limits(limits: dict[str, tuple[int, int]]) -> None:
    import resource

    for name, (soft, hard) in limits.items():
        number = getattr(resource, name)
        if resource.getrlimit(number) != (soft, hard):
            resource.setrlimit(number, (soft, hard))


def _reopen_streams() -> None:
    """Reopen the text streams: those of the server were no terminals."""
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        buffering = 1 if number == 2 or os.isatty(number) else -1
        stream = open(  # noqa: SIM115, these stay open
            number, mode, buffering=buffering, encoding="utf-8", closefd=False
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _run(arguments: list[str]) -> int:
    """Run the command with the project's present code."""
    import numpy as np

    for name in [n for n in sys.modules if n == "foursplit" or n.startswith("foursplit.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    np.random.seed(None)  # noqa: NPY002, TID251, or all children would have the same seed
    sys.argv = arguments
    # By name: a fresh process starts here; the runner does not depend on the CLI.
    command = importlib.import_module("foursplit.cli.main").main
    try:
        command(args=arguments[1:], prog_name="foursplit")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


def _exit(code: int, connection: socket.socket) -> None:
    """Exit as an interpreter does: exit functions, flushed streams; without the server's frames.

    The child reports its exit itself: the server may be importing, and would report it later.
    """
    import atexit
    import threading

    try:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(f"exit {code & 0xFF}\n".encode())
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
