"""A stage's commands as they run: forked by a warm parent, or started by themselves."""

import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import termios
import time
from pathlib import Path

from foursplit.runner import processes
from foursplit.runner.dvc_adapter.graph import StageLaunch
from foursplit.runner.workers.pool import WorkerPool

CHUNK = 1 << 16

CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")  # all but colours, which end in m

SIGNAL_EXIT_BASE = 128
"""A shell adds it to the number of the signal that has ended a command."""

OUT_OF_MEMORY_HINT = (
    ", often by the kernel because memory ran out (`dmesg` tells): free some, or let fewer stages "
    "run at once with --jobs"
)

WORKER_LOST = -1
"""In place of an exit code: the warm parent was killed, and the command with it."""


def describe_ending(code: int) -> str:
    """Say how a command that failed has ended."""
    if code == WORKER_LOST:
        return f"killed with the process that had started it{OUT_OF_MEMORY_HINT}"
    number = code - SIGNAL_EXIT_BASE
    if number not in {*signal.Signals}:
        return f"exit code {code}"
    name = signal.Signals(number).name
    return f"killed by {name} (exit code {code}){OUT_OF_MEMORY_HINT if number == signal.SIGKILL else ''}"


class Job:
    """One stage that runs.  `exit` and `output` are what its runner waits for."""

    def __init__(
        self, name: str, launches: list[StageLaunch], log: Path, size: os.terminal_size | None
    ) -> None:
        self.name, self.launches, self.log = name, launches, log
        self.began = time.monotonic()
        self.tail = ""  # of the output, while it runs
        self.code: int | None = None  # once it has ended
        self.answer = b""
        self.leader = 0  # the process group, once it is known
        self.plain: subprocess.Popen[bytes] | None = None
        self.connection: socket.socket | None = None
        self.exit = -1
        self.told = False  # of a signal
        self.signalled: set[int] = set()  # the processes that got the signal
        log.parent.mkdir(parents=True, exist_ok=True)
        self.file = log.open("wb", buffering=0)
        self.output: int | None = None
        self.stream = self.file.fileno()
        if size is not None:  # the stage shall see a terminal, and draw what it draws on one
            self.output, self.stream = pty.openpty()
            os.set_blocking(self.output, False)
            termios.tcsetwinsize(self.stream, (size.lines, size.columns))

    def begin(self, parents: WorkerPool) -> None:
        """Start the next command."""
        launch = self.launches.pop(0)
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123, no path of ours
            streams = [nothing.fileno(), self.stream, self.stream]
            self.connection = parents.ask(
                launch.command, launch.argv, launch.folder, launch.environment, streams
            )
            if self.connection is not None:
                self.connection.setblocking(False)
                self.exit = self.connection.fileno()
                return
            self.plain = subprocess.Popen(
                launch.argv, cwd=launch.folder, env=launch.environment,
                stdin=streams[0], stdout=self.stream, stderr=self.stream, start_new_session=True,
            )  # fmt: skip
        self.leader = self.plain.pid
        parents.note(self.plain.pid, None)
        self.exit = os.pidfd_open(self.plain.pid)

    def read_exit(self) -> bool:
        """Take what came over `exit`; True once this command has ended."""
        if self.plain is not None:
            code = self.plain.wait()
            self._end(code if code >= 0 else 128 - code)
            return True
        assert self.connection is not None
        try:
            part = self.connection.recv(CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            part = b""
        self.answer += part
        for line in self.answer.decode().split("\n")[:-1]:  # whole lines: 13 must not read as 1
            kind, _, value = line.partition(" ")
            if kind == "pid":
                self.leader = int(value)
            elif kind == "exit":
                self._end(int(value))
                return True
        if not part:
            self._end(WORKER_LOST)
            return True
        return False

    def _end(self, code: int) -> None:
        self.code = code
        if self.connection is not None:
            self.connection.close()
        else:
            os.close(self.exit)
        self.connection, self.plain, self.leader, self.answer, self.exit = None, None, 0, b"", -1

    def read(self) -> None:
        """Copy what the stage has drawn on its terminal to the log."""
        if self.output is None:
            return
        while True:
            try:
                part = os.read(self.output, CHUNK)
            except OSError:  # nothing more for now, or all writers are gone
                return
            if not part:
                return
            self.file.write(part)
            self.tail = (self.tail + part.decode(errors="replace"))[-CHUNK:]

    def last_line(self) -> str:
        """Give the line that the stage shows at the moment."""
        lines = [line for line in terminal_text(self.tail).splitlines() if line.strip()]
        return lines[-1].strip() if lines else ""

    def close(self) -> str:
        """Close the log and give all that was said."""
        self.read()
        if self.output is not None:
            os.close(self.output)
            os.close(self.stream)
        self.file.close()
        # As bytes: reading text would make a line's end of each return to its beginning.
        return terminal_text(self.log.read_bytes().decode(errors="replace"))

    def signal(self, number: int) -> None:
        """Pass a signal on to all that the command started."""
        self.told = bool(self.leader) or self.connection is not None
        if self.leader:
            self.signalled = processes.process_group(self.leader)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.leader, number)
        elif self.connection is not None:  # not forked yet: its parent hears that we left
            self.connection.shutdown(socket.SHUT_RDWR)

    def signal_new_processes(self, number: int) -> None:
        """Pass the signal on to what the command has started since.

        A shell goes on with its next command if the one that it waited for ended well.
        """
        if not (self.leader and self.signalled):
            return
        for pid in processes.process_group(self.leader) - self.signalled:
            self.signalled.add(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)


def terminal_text(text: str) -> str:
    """Give the text as a terminal would show it in the end: of a line drawn anew, the last."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return "\n".join(CONTROL_SEQUENCE.sub("", line).rstrip() for line in lines).strip("\n")
