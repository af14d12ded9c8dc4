"""Start the workers of a run before its parameters are read, as the last run of its targets did.

To read params.yaml and to plan take two seconds, and a worker needs as long to import torch.  The
record of the last run says which libraries its targets needed, under which settings; the pool uses
a worker only if params.yaml still asks for the same.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.runner.workers.start import (
    Process,
    request_libraries,
    socket_folder,
    spawn_worker,
    stop_worker,
    worker_log,
)


class EarlyWorkers:
    """The workers that were started early; a context manager that ends those nobody took."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.targets, self.file = targets, _record_file(targets)
        self.stack = ExitStack()
        self.folder: Path | None = None
        self.settings: Mapping[str, str] = {}
        self.waiting: dict[str, Process] = {}

    def __enter__(self) -> Self:
        record = self._read()
        if record and sys.platform == "linux":
            self.settings = record["settings"]
            self.folder = self.stack.enter_context(socket_folder())
            for name, libraries in record["libraries"].items():
                self._start(name, libraries)
        return self

    def _read(self) -> dict[str, Any]:
        with suppress(FoursplitError, OSError, ValueError, TypeError, KeyError, AttributeError):
            content = artifacts.read_json(self.file)
            libraries = {str(k): [*map(str, v)] for k, v in content["libraries"].items()}
            settings = {str(k): str(v) for k, v in content["settings"].items()}
            return {"settings": settings, "libraries": libraries}
        return {}  # these targets have not run yet

    def _start(self, name: str, libraries: list[str]) -> None:
        assert self.folder is not None
        process = spawn_worker(self.folder / name, self.settings, worker_log())
        self.waiting[name] = process
        request_libraries(process, libraries)

    def take(self, name: str, settings: Mapping[str, str]) -> tuple[Process, Path] | None:
        """Hand over a worker and its socket; None if there is none with these settings."""
        if name not in self.waiting or settings != self.settings:
            return None
        assert self.folder is not None
        return self.waiting.pop(name), self.folder / name

    def record(self, libraries: Mapping[str, Sequence[str]], settings: Mapping[str, str]) -> None:
        """Write which libraries each worker of these targets imports, for the next run.

        Not of a run of everything: what the next one needs depends on what is edited until then.
        """
        if not self.targets:
            return
        content = {"settings": dict(settings), "libraries": {k: [*v] for k, v in libraries.items()}}
        if content != self._read():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            artifacts.write_json(self.file, content)

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for process in self.waiting.values():
            process.kill()
            stop_worker(process)
        self.waiting.clear()
        self.stack.close()


def _record_file(targets: Sequence[str]) -> Path:
    name = hashlib.sha256(json.dumps([*targets]).encode()).hexdigest()[:16]
    return paths.state() / "workers" / f"{name}.json"
