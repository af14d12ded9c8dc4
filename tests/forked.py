"""Run `foursplit` and `dvc` as processes forked from one that has imported their libraries.

Each has a session, streams, a folder and an environment of its own; only the seconds of imports are
saved.  A test of the start of a process, or of its number, starts one by `subprocess`.
"""

import atexit
import gc
import importlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

SRC = Path(__file__).parent.parent / "src"

LIBRARIES = (
    *("foursplit.cli.main", "foursplit.cli.render.finish", "foursplit.runner.run_pipeline"),
    *(
        f"foursplit.cli.commands.{path.stem}"
        for path in (SRC / "foursplit/cli/commands").glob("[a-z]*.py")
    ),
    *("dvc.cli.parser", "dvc.repo.reproduce", "dvc.repo.status"),
    *("dvc.stage.cache", "dvc.stage.run"),
    *("dvc.lock", "dvc.rwlock", "dvc.scm", "dvc.cachemgr", "dvc.data_cloud", "dvc.dirs"),
    *("dvc_render", "configobj", "dulwich.ignore", "dulwich.index"),
    *("networkx", "psutil", "rich.table", "pyarrow.parquet", "pyarrow.pandas_compat"),
)
"""What the server imports; what a command needs besides, it imports itself."""

TIMEOUT_S = 120


def run(
    command: Sequence[object],
    *,
    cwd: Path,
    env: Mapping[str, str],
    libraries: Sequence[str] = (),
    max_file_bytes: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `foursplit …`, `dvc …` or `python -c …` to its end; both streams go into `stdout`.

    The server imports `libraries` first, once, and the command writes no file larger than
    `max_file_bytes`, as on a full disk.
    """
    request = {
        "command": [*map(str, command)],
        "cwd": str(cwd),
        "env": dict(env),
        "libraries": [*libraries],
        "max_file_bytes": max_file_bytes,
    }
    if sys.platform != "linux":  # there a fork may lose what a library has begun
        return _run_alone(request)
    return _server(os.getpid()).run(request)


def _run_alone(request: dict) -> subprocess.CompletedProcess[str]:
    program, *arguments = request["command"]
    beside = Path(sys.executable).parent / program
    return subprocess.run(
        [str(beside) if beside.is_file() else program, *arguments],
        cwd=request["cwd"],
        env=request["env"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        preexec_fn=partial(_limit_files, request["max_file_bytes"]),
    )


def _limit_files(max_bytes: int | None) -> None:
    if max_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, max_bytes))


@cache
def _server(_pid: int) -> "_Client":
    return _Client()


class _Client:
    """The side of the tests: a server for this process, started with the first command."""

    def __init__(self) -> None:
        from foursplit.core import reproducible_env

        self.connection, theirs = socket.socketpair()
        path = os.pathsep.join([str(SRC), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, "-P", __file__, str(theirs.fileno())],
            env={**os.environ, **reproducible_env.settings("portable", 1), "PYTHONPATH": path},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        atexit.register(self.close)

    def close(self) -> None:
        self.connection.close()
        self.process.wait()

    def run(self, request: dict) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            content = json.dumps(request).encode()
            head = len(content).to_bytes(8, "big")
            socket.send_fds(self.connection, [head], [output.fileno()])
            self.connection.sendall(content)
            answers = self.connection.makefile("r")
            child = int(answers.readline())
            self.connection.settimeout(TIMEOUT_S)
            try:
                code = int(answers.readline())
            except TimeoutError:
                os.killpg(child, signal.SIGKILL)
                raise
            finally:
                self.connection.settimeout(None)
            output.seek(0)
            return subprocess.CompletedProcess(request["command"], code, output.read(), "")


def serve(connection: socket.socket) -> None:
    """Fork a process for each request, one after the other, until the tests have ended."""
    for name in LIBRARIES:
        importlib.import_module(name)
    frozen = dict(os.environ)
    while True:
        head, streams, _, _ = socket.recv_fds(connection, 8, 1)
        if not head:
            return
        request = json.loads(_receive(connection, int.from_bytes(head, "big")))
        for name in request["libraries"]:
            importlib.import_module(name)
        _require_one_thread()
        gc.freeze()  # what is imported is no garbage: a child's collector leaves its pages alone
        child = os.fork()
        if child == 0:
            connection.close()
            _become(request, streams[0], frozen)
        os.close(streams[0])
        with suppress(BrokenPipeError):
            connection.sendall(f"{child}\n".encode())
            _, status = os.waitpid(child, 0)
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _require_one_thread() -> None:
    """Raise where a library has started a thread: a fork would lose it."""
    names = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    others = [name for name in names if name != "jemalloc_bg_thd"]  # Arrow starts it again
    assert len(others) == 1, others


def _receive(connection: socket.socket, n_missing: int) -> bytes:
    chunks = []
    while n_missing:
        chunks.append(connection.recv(n_missing))
        n_missing -= len(chunks[-1])
    return b"".join(chunks)


def _become(request: dict, stream: int, frozen: Mapping[str, str]) -> None:
    """Run the command in this child, and end it as an interpreter ends."""
    code = 1
    try:
        os.setsid()
        for number in (1, 2):
            os.dup2(stream, number)
        os.close(stream)
        os.chdir(request["cwd"])
        _set_environment(request["env"], frozen)
        _limit_files(request["max_file_bytes"])
        code = _call(request["command"])
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            threading._shutdown()
            atexit._run_exitfuncs()
        for output in (sys.stdout, sys.stderr):
            with suppress(BaseException):
                output.flush()
        os._exit(code & 0xFF)


def _set_environment(env: Mapping[str, str], frozen: Mapping[str, str]) -> None:
    """Set the command's variables, but for those that NumPy has read in the server."""
    import numpy as np

    from foursplit.core.reproducible_env import DETERMINING_VARIABLES

    os.environ.clear()
    os.environ.update(env)
    os.environ.update({name: frozen[name] for name in frozen if name in DETERMINING_VARIABLES})
    np.random.seed(None)  # noqa: NPY002, TID251, or all children would have the same


def _call(command: list[str]) -> int:
    program, *arguments = command
    name = Path(program).name
    try:
        if name == "foursplit":
            sys.argv = command
            importlib.import_module("foursplit.cli.main").main(args=arguments, prog_name=name)
        elif name == "dvc":
            sys.argv = command
            return importlib.import_module("dvc.cli").main(arguments)
        else:
            flag, code, *sys.argv[1:] = arguments
            assert flag == "-c", command
            sys.argv[0], sys.path[:0] = flag, [""]
            exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    return 0


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
