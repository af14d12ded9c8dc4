"""Have runs written to MLflow beside the stages, by one process of low priority.

A comparison group is final when all of its stages in the plan are done: only then is it known who
won it.  What this process leaves, because it failed or was killed, the sync at the end writes.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from foursplit.config import paths
from foursplit.config.pipelines import Pipeline
from foursplit.config.schema import Params
from foursplit.core import reproducible_env
from foursplit.io.status_line import StatusLine
from foursplit.runner.dvc_adapter.graph import DvcPipeline, PlannedStage
from foursplit.runner.dvc_adapter.lock_text import lock_entries

MODULE = "foursplit.tracking.runs.background_writer"

STOP_TIMEOUT_S = 8.0  # for the process to end by itself

Group = tuple[Pipeline, str]
"""A comparison group, or a lesson or search by its stage's title."""

LESSON, SEARCH = "lesson@", "search@"


class BackgroundTracking:
    """Follows the stages of one run; a context manager that leaves no process behind."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.group_of: dict[str, Group] = {}  # by the stage's name
        self.unfinished: dict[Group, set[str]] = {}  # stages
        self.changed: set[Group] = set()
        self.process: subprocess.Popen[bytes] | None = None
        self.outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self.pipeline: DvcPipeline | None = None
        self.record: Callable[[int], None] = lambda _: None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def follow(
        self,
        pipeline: DvcPipeline,
        stages: Mapping[str, PlannedStage],
        record: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Follow the `stages` of a run; `record` is called with the process that is started."""
        self.pipeline, self.record = pipeline, record
        groups = _groups_by_title(self.params)
        for name, stage in stages.items():
            group: Group | None = groups.get(stage.title)
            if group is not None:
                self.group_of[name] = group
                self.unfinished.setdefault(group, set()).add(name)

    def stage_done(self, name: str, *, changed: bool) -> None:
        """Note that a stage is done; request the runs of its group if it is the last one."""
        if changed and self.process is None and self.group_of:
            self._start()
        group = self.group_of.get(name)
        if group is None:
            return
        self.unfinished[group].discard(name)
        if changed:
            self.changed.add(group)
        if not self.unfinished[group] and group in self.changed:
            self._send(self._request(group))

    def finish(self, echo: Callable[[str], None]) -> bool:
        """Sync all runs, as `foursplit track` does; return whether that succeeded."""
        counts = self._finish("everything", echo)
        if counts is not None:
            echo(f"MLflow: {counts['new']} new runs, {counts['kept']} unchanged")
        return counts is not None

    def finish_requested(self, echo: Callable[[str], None]) -> None:
        """Wait until the runs of final groups are written."""
        counts = self._finish("requested", echo)
        if counts is not None and counts["new"]:
            echo(f"MLflow: {counts['new']} new runs, of what is complete")

    def _finish(self, what: str, echo: Callable[[str], None]) -> dict[str, int] | None:
        """Wait for the reply to the last request; None if no process runs, or it has failed."""
        if self.process is None:
            return None
        self._send({"finish": what})
        assert self.process.stdout is not None
        with StatusLine() as status:
            for line in self.process.stdout:
                match _parse(line):
                    case {"counts": counts}:
                        return dict(counts)
                    case {"message": text}:
                        status.close()
                        echo(text)
                    case {"progress": text} if status.is_due():
                        status.write(text)
        return None

    def close(self) -> None:
        """End the process, after the run that it is writing."""
        process, self.process = self.process, None
        if process is None:
            return
        self.outbox.put(None)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def _start(self) -> None:
        log = paths.state() / "logs" / "mlflow.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with log.open("wb") as errors:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", MODULE],
                    cwd=paths.root(),
                    env=_environment(self.params),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,  # Ctrl-C is for the runner, which then closes the input
                )
        except OSError:
            self.group_of.clear()  # all is left to the sync at the end
            return
        self.record(self.process.pid)
        # A thread, so that a full pipe never delays a stage.
        writer = threading.Thread(target=_write, args=(self.process, self.outbox), daemon=True)
        writer.start()

    def _send(self, request: Mapping[str, Any]) -> None:
        self.outbox.put(json.dumps(request).encode() + b"\n")

    def _request(self, group: Group) -> Mapping[str, Any]:
        of, name = group
        if name.startswith(LESSON):
            return {"lesson": name.removeprefix(LESSON)}
        if name.startswith(SEARCH):
            return {"search": name.removeprefix(SEARCH)}
        assert self.pipeline is not None
        members = self.params.members(name)
        titles = {f"train@{key}" for key in members}
        titles |= {f"split@{self.params.experiment(key).dataset}" for key in members}
        # The lock files are written once a minute.
        locks = lock_entries(self.pipeline.unwritten_stages, titles)
        return {"group": name, "pipeline": of, "locks": locks}


def _groups_by_title(params: Params) -> dict[str, Group]:
    """Map each stage that a run's contents come from to its comparison group, lesson or search."""
    groups: dict[str, Group] = {}
    for of, section in params.sections().items():
        for experiments in section.experiments.values():
            for key, experiment in experiments.items():
                for stage in ("train", "evaluate", "learning_curve"):
                    groups[f"{stage}@{key}"] = (of, experiment.group)
                for stage in ("select", "final"):
                    groups[f"{stage}@{experiment.group}"] = (of, experiment.group)
        for searches in section.searches.values():
            groups |= {f"{SEARCH}{name}": (of, f"{SEARCH}{name}") for name in searches}
        for lessons in section.lessons.values():
            groups |= {f"{LESSON}{name}": (of, f"{LESSON}{name}") for name in lessons}
    return groups


def _environment(params: Params) -> dict[str, str]:
    return {**os.environ, **reproducible_env.settings(params.run.instruction_set, threads=1)}


def _write(process: "subprocess.Popen[bytes]", outbox: "SimpleQueue[bytes | None]") -> None:
    """Write the requests of `outbox` until it holds None, then close the input."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # the process has ended
        while (line := outbox.get()) is not None:
            process.stdin.write(line)
            process.stdin.flush()
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:  # the process was killed as it wrote
        return None
