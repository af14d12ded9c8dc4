"""The warm parent: imports third-party libraries once, and forks a child for each stage command.

It only ever imports, and ahead of the first request where it is told to.  One matrix product here
would leave thread pools that hang the children, and CUDA must not be touched before a fork.  Of the
project's own code it holds these few lines; a child imports all of it anew, so that an edit is
never missed.  A command that is not in the plan becomes a shell of its own, which ends with us all
the same.

Started as `python -m foursplit.runner.workers.server SOCKET`, with the plan on its standard input,
which the runner keeps open: when it closes, the runner is gone, and everything here ends.
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

CHUNK = 1 << 16


def main() -> None:
    """Serve until standard input closes."""
    runner = os.getppid()
    task: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(sys.argv[1])
    listener.listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    ForkServer(task["plan"], task["ahead"], listener).serve()
    if os.getppid() != runner:  # it was killed, and removes nothing
        _remove_socket(Path(sys.argv[1]))


def _remove_socket(own: Path) -> None:
    """Remove our socket, the client beside it, and the folder where nothing else lies in it."""
    for path in (own, own.with_name("sh")):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # the other parent's socket
        own.parent.rmdir()


class ForkServer:
    """Holds the connections of the children that run."""

    def __init__(
        self, plan: dict[str, list[str]], ahead: list[str], listener: socket.socket
    ) -> None:
        self.plan, self.ahead, self.listener = plan, ahead, listener
        self.running: dict[int, socket.socket] = {}  # by process number
        self.frozen = dict(os.environ)  # what libraries have read, or will read, on import
        self.woken, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        # Ctrl-C is for the children, whose clients pass it on.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        """Accept requests and report ends, until the runner closes our standard input."""
        while True:
            watched = [sys.stdin.fileno(), self.listener, self.woken, *self.running.values()]
            ready, _, _ = select.select(watched, [], [], 0 if self.ahead else None)
            if not ready:
                self._import_next()
            if sys.stdin.fileno() in ready:
                self._end()
                return
            if self.woken in ready:
                os.read(self.woken, CHUNK)
            self._report()
            for connection in [c for c in self.running.values() if c in ready]:
                self._kill_child_of(connection)
            if self.listener in ready:
                self._accept()

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
        else:  # the client becomes the shell that DVC asked for
            connection.sendall(b"cold\n")
            connection.close()
        for stream in streams:
            os.close(stream)

    def _import_next(self) -> None:
        """Import one library while nobody waits."""
        # What fails here fails again where it is needed, and there it is answered.
        with contextlib.suppress(Exception):
            importlib.import_module(self.ahead.pop(0))

    def _prepare(self, command: str) -> bool:
        """Import what the command will need; say whether a fork is safe."""
        if command not in self.plan:
            return False
        try:
            for name in self.plan[command]:
                importlib.import_module(name)
        except ImportError:
            return False
        return _single_threaded()

    def _fork(
        self, connection: socket.socket, request: Any, streams: list[int], *, warm: bool
    ) -> None:
        signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        # What was imported is no garbage: a child's collector need not walk it, page by page.
        gc.freeze()
        child = os.fork()
        # A group of its own, whichever of us is first: signals reach all that the command starts.
        with contextlib.suppress(OSError):  # the child has become its command, or has ended
            os.setpgid(child, child or os.getpid())
        if child == 0:
            for other in (self.listener, *self.running.values()):
                other.close()
            _run_in_child(request, streams, self.frozen if warm else None, signals, connection)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        self.running[child] = connection

    def _report(self) -> None:
        """Tell the clients whose children have ended."""
        while self.running:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            connection = self.running.pop(child)
            code = os.waitstatus_to_exitcode(status)
            # Where the client is gone, so is whoever wanted to know.
            with contextlib.suppress(OSError):
                # A shell gives 128 and the signal's number for what a signal ended.
                connection.sendall(f"exit {code if code >= 0 else 128 - code}\n".encode())
            connection.close()

    def _kill_child_of(self, connection: socket.socket) -> None:
        """Kill the child of a client that is gone."""
        for child, other in self.running.items():
            if other is connection:
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
    missing = int.from_bytes(head, "big")
    parts = []
    while missing:
        part = connection.recv(min(missing, CHUNK))
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return json.loads(b"".join(parts)), streams


def _single_threaded() -> bool:
    """Look whether some library has started a thread that a fork would lose."""
    names = [task / "comm" for task in Path("/proc/self/task").iterdir()]
    # Arrow's allocator stops its own thread before a fork and starts it again after.
    return sum(name.read_text().strip() != "jemalloc_bg_thd" for name in names) == 1


def _run_in_child(
    request: Any,
    streams: list[int],
    frozen: dict[str, str] | None,
    signals: set[Any],
    connection: socket.socket,
) -> None:
    """Turn this child into the command: streams, folder, environment, limits, signals, words.

    With the environment that is `frozen` in our libraries; without one, into a shell.
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


def _set_environment(wanted: dict[str, str], frozen: dict[str, str]) -> None:
    from foursplit.core.reproducible_env import SETTLED

    os.environ.clear()
    os.environ.update(wanted)
    # What numeric libraries read on import was read in the parent: say what holds.
    os.environ.update({name: frozen[name] for name in frozen if name in SETTLED})


def _set_limits(limits: dict[str, tuple[int, int]]) -> None:
    import resource

    for name, (soft, hard) in limits.items():
        number = getattr(resource, name)
        if resource.getrlimit(number) != (soft, hard):
            resource.setrlimit(number, (soft, hard))


def _reopen_streams() -> None:
    """Open the text streams anew: whether they are terminals was decided for the parent's."""
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        buffering = 1 if number == 2 or os.isatty(number) else -1
        stream = open(  # noqa: SIM115, these stay open to the end
            number, mode, buffering=buffering, encoding="utf-8", closefd=False
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _run(arguments: list[str]) -> int:
    """Run the command with the project's code as it is on disk now."""
    import numpy as np

    for name in [n for n in sys.modules if n == "foursplit" or n.startswith("foursplit.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    np.random.seed(None)  # noqa: NPY002, TID251, or all children would draw the same
    sys.argv = arguments
    # By name: this is a process that starts afresh, and no floor that stands on the command.
    command = importlib.import_module("foursplit.cli.main").main
    try:
        command(args=arguments[1:], prog_name="foursplit")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


def _exit(code: int, connection: socket.socket) -> None:
    """End as an interpreter does: exit functions, flushed streams; but not the parent's frames.

    We say ourselves that we end: the parent may be importing, and would say so seconds later.
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
