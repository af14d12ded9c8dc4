"""The warm parents of one run: started when the first command needs them, ended with the run."""

import contextlib
import socket
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from foursplit.config.schema import Params
from foursplit.runner.workers import client
from foursplit.runner.workers.preload import PreloadPlan, preload_plan, split_by_worker
from foursplit.runner.workers.start import send_plan, socket_folder, spawn_worker, stop_worker

RecordProcess = Callable[[int, Path | None], None]
"""Puts a process on record, and the folder of its socket."""

MAX_STARTS = 3  # of one parent in a run, before its commands run by themselves


class WorkerPool:
    """Two processes that import side by side, one for tables and one for models."""

    def __init__(
        self,
        params: Params,
        foresee: Callable[[Iterable[str]], list[str]],
        log: Path,
        note: RecordProcess = lambda _pid, _folder: None,
    ) -> None:
        """Take a look into the future, which is asked when the first command comes.

        `foresee` picks from the commands it is given those that are sure to run; `note` hears of
        each process that is started.
        """
        self.note = note
        self.params, self.log, self.foresee = params, log, foresee
        self.plans = split_by_worker(preload_plan(params))
        self.upcoming: list[str] | None = None
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.starts = dict.fromkeys(self.plans, 0)
        self.stack = contextlib.ExitStack()
        self.folder: Path | None = None

    def ask(
        self, command: str, argv: list[str], folder: str, env: dict[str, str], streams: list[int]
    ) -> socket.socket | None:
        """Request a command; the answer comes over the connection.  None: nobody is there."""
        name = self._worker_for(command)
        self._start_needed(name)
        for _ in range(MAX_STARTS):
            if name not in self.running:
                return None
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            request = {
                "command": command, "argv": argv, "cwd": folder, "env": env,
                "limits": client.resource_limits(),
            }  # fmt: skip
            try:
                connection.connect(str(self._socket(name)))
                client.send(connection, request, streams)
                return connection
            except OSError:
                connection.close()
                self._restart(name)
        return None

    def _worker_for(self, command: str) -> str:
        return next((name for name, part in self.plans.items() if command in part), "tables")

    def _start_needed(self, name: str) -> None:
        """Start the parent of this command, and that of commands to come: both import at once."""
        if self.upcoming is None:
            self.upcoming = self.foresee([c for part in self.plans.values() for c in part])
        needed = {self._worker_for(command) for command in self.upcoming}
        for other in (name, *sorted(needed - {name})):
            if self.starts[other] == 0:
                self._start(other)

    def _start(self, name: str) -> None:
        if self.folder is None:
            self.folder = self.stack.enter_context(socket_folder())
        self.starts[name] += 1
        ahead = _libraries(self.plans[name], self.upcoming or ())
        parent = spawn_worker(self._socket(name), self.params, self.log)
        self.running[name] = parent  # before it answers: `kill` must find it if it never does
        self.note(parent.pid, self.folder)
        if not send_plan(parent, self.plans[name], ahead):
            stop_worker(self.running.pop(name))

    def _restart(self, name: str) -> None:
        """Put a new parent in the place of one that was killed."""
        stop_worker(self.running.pop(name))
        if self.starts[name] < MAX_STARTS:
            self._start(name)

    def _socket(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{name}{self.starts[name]}"

    def kill(self) -> None:
        """Kill the parents, and with them their commands: one that hangs hears nothing else."""
        for parent in [*self.running.values()]:
            parent.kill()

    def close(self) -> None:
        """End the parents and every command that still runs."""
        for parent in self.running.values():
            stop_worker(parent)
        self.running.clear()
        self.stack.close()


def _libraries(commands: PreloadPlan, coming: Iterable[str]) -> list[str]:
    """List what the commands to come will need of this parent, in their order."""
    return list(dict.fromkeys(m for name in coming for m in commands.get(name, ())))
