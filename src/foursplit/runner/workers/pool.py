"""The workers of one run: started when the first command needs them, ended with the run."""

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
"""Records a process and the folder of its socket."""

MAX_STARTS = 3  # of one worker in a run, before its commands run without it


class WorkerPool:
    """Two fork servers that import in parallel, one for tables and one for models."""

    def __init__(
        self,
        params: Params,
        log: Path,
        record: RecordProcess = lambda _pid, _folder: None,
    ) -> None:
        """Create the pool; workers start with the first command, or before by `start_ahead`.

        `record` is called with each process that is started.
        """
        self.record = record
        self.params, self.log = params, log
        # Returns those of its commands that are certain to run.
        self.predict: Callable[[Iterable[str]], list[str]] = lambda _commands: []
        self.plans = split_by_worker(preload_plan(params))
        self.upcoming: list[str] | None = None
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self.n_starts = dict.fromkeys(self.plans, 0)
        self.used: set[str] = set()  # workers that had a command
        self.stack = contextlib.ExitStack()
        self.folder: Path | None = None

    @property
    def commands(self) -> list[str]:
        """List the commands that the workers can fork."""
        return [command for plan in self.plans.values() for command in plan]

    def start_ahead(self, commands: Iterable[str]) -> None:
        """Start the workers of commands that will probably run; they import meanwhile."""
        known = [c for c in commands if any(c in plan for plan in self.plans.values())]
        if known:
            self.upcoming = known
            for name in sorted({self._worker_for(command) for command in known}):
                self._start(name)

    def submit(
        self, command: str, argv: list[str], folder: str, env: dict[str, str], streams: list[int]
    ) -> socket.socket | None:
        """Request a command; the reply comes over the connection.  None: no worker answers."""
        name = self._worker_for(command)
        self._start_needed(name)
        for _ in range(MAX_STARTS):
            if name not in self.workers:
                return None
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            request = {
                "command": command,
                "argv": argv,
                "cwd": folder,
                "env": env,
                "limits": client.resource_limits(),
            }
            try:
                connection.connect(str(self._socket(name)))
                self.used.add(name)
                client.send(connection, request, streams)
                return connection
            except OSError:
                connection.close()
                self._restart(name)
        return None

    def _worker_for(self, command: str) -> str:
        return next(
            (name for name, commands in self.plans.items() if command in commands), "tables"
        )

    def _start_needed(self, name: str) -> None:
        """Start the workers of this command and of upcoming ones: they import in parallel."""
        if self.upcoming is None:
            self.upcoming = self.predict(self.commands)
        needed = {self._worker_for(command) for command in self.upcoming}
        for worker_name in (name, *sorted(needed - {name})):
            if self.n_starts[worker_name] == 0:
                self._start(worker_name)

    def _start(self, name: str) -> None:
        if self.folder is None:
            self.folder = self.stack.enter_context(socket_folder())
        self.n_starts[name] += 1
        libraries = _libraries(self.plans[name], self.upcoming or ())
        parent = spawn_worker(self._socket(name), self.params, self.log)
        self.workers[name] = parent  # before it replies: `kill` must find it if it never does
        self.record(parent.pid, self.folder)
        if not send_plan(parent, self.plans[name], libraries):
            stop_worker(self.workers.pop(name))

    def _restart(self, name: str) -> None:
        """Replace a worker that was killed."""
        stop_worker(self.workers.pop(name))
        if self.n_starts[name] < MAX_STARTS:
            self._start(name)

    def _socket(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{name}{self.n_starts[name]}"

    def kill(self) -> None:
        """Kill the workers and so their commands; one that hangs reacts to nothing else."""
        for parent in [*self.workers.values()]:
            parent.kill()

    def close(self) -> None:
        """End the workers and every command that still runs."""
        for name, parent in self.workers.items():
            if name not in self.used:  # it has no child, and may import for seconds
                parent.kill()
            stop_worker(parent)
        self.workers.clear()
        self.stack.close()


def _libraries(commands: PreloadPlan, upcoming: Iterable[str]) -> list[str]:
    """List the libraries that upcoming commands need, in order."""
    return list(dict.fromkeys(m for name in upcoming for m in commands.get(name, ())))
