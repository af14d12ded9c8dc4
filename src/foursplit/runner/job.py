"""The running commands of a stage: forked by a worker, or processes of their own."""

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

CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")  # all but colors, which end in m

SIGNAL_EXIT_BASE = 128
"""A shell's exit code for a command that a signal ended is this plus the signal's number."""

OUT_OF_MEMORY_HINT = (
    ", often by the kernel because memory ran out (see `dmesg`): free memory, or run fewer stages "
    "in parallel with --jobs"
)

WORKER_LOST = -1
"""Exit code of a command whose worker was killed."""


def describe_ending(code: int) -> str:
    """Describe how a failed command ended."""
    if code == WORKER_LOST:
        return f"killed together with the process that started it{OUT_OF_MEMORY_HINT}"
    number = code - SIGNAL_EXIT_BASE
    if number not in {*signal.Signals}:
        return f"exit code {code}"
    name = signal.Signals(number).name
    hint = OUT_OF_MEMORY_HINT if number == signal.SIGKILL else ""
    return f"killed by {name} (exit code {code}){hint}"


class Job:
    """A running stage.  The runner waits for the file descriptors `exit` and `output`."""

    def __init__(
        self, name: str, launches: list[StageLaunch], log: Path, size: os.terminal_size | None
    ) -> None:
        self.name, self.launches, self.log = name, launches, log
        self.began = time.monotonic()
        self.tail = ""  # end of the output so far
        self.code: int | None = None  # of the ended command
        self.received = b""
        self.leader = 0  # of the process group; 0 until known
        self.process: subprocess.Popen[bytes] | None = None
        self.connection: socket.socket | None = None
        self.exit = -1
        self.signal_sent = False  # of a signal
        self.signalled: set[int] = set()  # processes that received the signal
        log.parent.mkdir(parents=True, exist_ok=True)
        self.file = log.open("wb", buffering=0)
        self.output: int | None = None
        self.stream = self.file.fileno()
        if size is not None:  # a terminal for the stage, so that it draws progress
            self.output, self.stream = pty.openpty()
            os.set_blocking(self.output, False)
            termios.tcsetwinsize(self.stream, (size.lines, size.columns))

    def start_command(self, pool: WorkerPool) -> None:
        """Start the next command."""
        launch = self.launches.pop(0)
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123, a device
            streams = [nothing.fileno(), self.stream, self.stream]
            self.connection = pool.submit(
                launch.command, launch.argv, launch.folder, launch.environment, streams
            )
            if self.connection is not None:
                self.connection.setblocking(False)
                self.exit = self.connection.fileno()
                return
            self.process = subprocess.Popen(
                launch.argv,
                cwd=launch.folder,
                env=launch.environment,
                stdin=streams[0],
                stdout=self.stream,
                stderr=self.stream,
                start_new_session=True,
            )
        self.leader = self.process.pid
        pool.record(self.process.pid, None)
        self.exit = os.pidfd_open(self.process.pid)

    def read_exit(self) -> bool:
        """Read from `exit`; return whether this command has ended."""
        if self.process is not None:
            code = self.process.wait()
            self._end(code if code >= 0 else 128 - code)
            return True
        assert self.connection is not None
        try:
            data = self.connection.recv(CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        self.received += data
        for line in self.received.decode().split("\n")[:-1]:  # whole lines only: 13 is not 1
            field, _, value = line.partition(" ")
            if field == "pid":
                self.leader = int(value)
            elif field == "exit":
                self._end(int(value))
                return True
        if not data:
            self._end(WORKER_LOST)
            return True
        return False

    def _end(self, code: int) -> None:
        self.code = code
        if self.connection is not None:
            self.connection.close()
        else:
            os.close(self.exit)
        self.connection, self.process, self.leader, self.received, self.exit = (
            None,
            None,
            0,
            b"",
            -1,
        )

    def read(self) -> None:
        """Copy the output of the stage's terminal to the log."""
        if self.output is None:
            return
        while True:
            try:
                data = os.read(self.output, CHUNK)
            except OSError:  # no data for now, or no writer left
                return
            if not data:
                return
            self.file.write(data)
            self.tail = (self.tail + data.decode(errors="replace"))[-CHUNK:]

    def last_line(self) -> str:
        """Return the last line of output."""
        lines = [line for line in terminal_text(self.tail).splitlines() if line.strip()]
        return lines[-1].strip() if lines else ""

    def close(self) -> str:
        """Close the log and return all output."""
        self.read()
        if self.output is not None:
            os.close(self.output)
            os.close(self.stream)
        self.file.close()
        # As bytes: text mode would turn each carriage return into a newline.
        return terminal_text(self.log.read_bytes().decode(errors="replace"))

    def signal(self, number: int) -> None:
        """Send a signal to all processes of the command."""
        self.signal_sent = bool(self.leader) or self.connection is not None
        if self.leader:
            self.signalled = processes.process_group(self.leader)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.leader, number)
        elif self.connection is not None:  # not forked yet: the worker sees the disconnect
            self.connection.shutdown(socket.SHUT_RDWR)

    def signal_new_processes(self, number: int) -> None:
        """Send the signal to processes that the command has started since.

        A shell continues with its next command if the previous one succeeded.
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
    """Return the text as a terminal shows it at the end: redrawn lines once."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return "\n".join(CONTROL_SEQUENCE.sub("", line).rstrip() for line in lines).strip("\n")
