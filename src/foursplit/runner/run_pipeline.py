"""Run a plan with our own schedule: stages warm and side by side, DVC's books kept as DVC would."""

import gc
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.core import reproducible_env
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.io.progress import HEADED
from foursplit.runner import run_log, stage_outputs
from foursplit.runner.dvc_adapter.graph import (
    DvcLockedError,
    DvcPipeline,
    PlannedStage,
    dvc_error_types,
    dvc_unsupported_reason,
)
from foursplit.runner.leftover_processes import WorkerRecord
from foursplit.runner.progress_display import Display
from foursplit.runner.repair_dvc_locks import repair_locks
from foursplit.runner.run import PipelineRun, RunResult, build_queue
from foursplit.runner.stage_changes import Change
from foursplit.runner.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTargets:
    """What a run is to bring up to date, in DVC's addresses."""

    addresses: Sequence[str] = ()  # none: the default pipeline
    left_out: frozenset[str] = frozenset()  # stages that must not run, though others read them


def unsupported_reason() -> str:
    """Say why this machine cannot have it; nothing where it can."""
    if sys.platform != "linux":
        return f"side by side and warm needs Linux, and this is {sys.platform}"
    return dvc_unsupported_reason()


def run(
    params: Params, wanted: RunTargets, *, jobs: int | None, force: bool, pull: bool = False
) -> bool:
    """Run what has to; True if anything changed.  Refuses in the end if a stage failed."""
    _set_environment()
    graph, steps = _open(wanted)
    if pull:
        graph.pull(click.echo)
    slots = jobs or len(os.sched_getaffinity(0))
    queue = build_queue(steps, params, slots)
    log = paths.state() / "logs" / "warm.log"
    log.parent.mkdir(parents=True, exist_ok=True)

    def foresee(commands: Iterable[str]) -> list[str]:
        known = set(commands)
        left = [s for s in steps.values() if s.name not in queue.done and known & {*s.commands}]
        sure = [s for s in left if force or graph.changes(s.name)]
        return [command for step in sure for command in step.commands]

    workers = WorkerRecord(paths.state())
    parents = WorkerPool(params, foresee, log, workers.add)
    outcome = PipelineRun(graph, steps, queue, parents, Display(len(steps))).run(force=force)
    workers.close()
    artifacts.write_json(paths.state() / "last_run.json", asdict(outcome))
    click.echo(_summary(outcome, steps))
    if outcome.interrupted:
        raise SystemExit(128 + outcome.interrupted)
    if outcome.failed:
        raise FoursplitError(_failures(outcome, steps))
    return bool(outcome.ran or outcome.restored)


def _set_environment() -> None:
    """Set what every stage inherits; the interpreter's own folder first, so that it is found."""
    # DVC's graph is many small objects that stay: looking for garbage among them takes longer.
    gc.set_threshold(200_000)
    os.chdir(paths.root())
    os.environ.update(reproducible_env.QUIET)
    os.environ["PYTHONIOENCODING"] = "utf-8"  # what stages say goes to logs, whatever our terminal
    os.environ[HEADED] = "1"
    folder = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", "")])


def prepare_outputs(params: Params, wanted: RunTargets) -> list[str]:
    """See to what lies where a run of DVC's own may write; say what was set aside."""
    if dvc_unsupported_reason():
        return stage_outputs.prepare_all_outputs(params)
    graph, steps = _open(wanted)
    names = [name for name, step in steps.items() if step.commands]
    return [line for name in names for line in graph.secure(name)]


def _open(wanted: RunTargets, *, mend: bool = True) -> tuple[DvcPipeline, dict[str, PlannedStage]]:
    try:
        return _plan(wanted)
    except dvc_error_types() as error:
        # Reading each lock file to see whether it is torn takes longer than DVC's own complaint.
        healed = repair_locks() if mend else []
        if not healed:
            raise FoursplitError(f"DVC: {error}") from error
        for line in healed:
            click.echo(line)
    return _plan(wanted)


def _plan(wanted: RunTargets) -> tuple[DvcPipeline, dict[str, PlannedStage]]:
    graph = DvcPipeline(paths.root(), run_log.listings_folder())
    try:
        with graph.alone():
            steps = graph.plan(wanted.addresses or ["dvc.yaml"])
        return graph, {
            name: replace(step, needs=step.needs - wanted.left_out)
            for name, step in steps.items()
            if name not in wanted.left_out
        }
    except DvcLockedError as busy:
        raise FoursplitError(f"{busy}; wait for it, or end it") from busy


def _summary(outcome: RunResult, steps: dict[str, PlannedStage]) -> str:
    parts = [
        f"{len(names)} {word}"
        for names, word in (
            (outcome.ran, "ran"),
            (outcome.restored, "restored from the run-cache"),
            (outcome.unchanged, "as they were"),
            (outcome.failed, "failed"),
            (outcome.skipped, "not run because of that"),
        )
        if names
    ]
    if outcome.interrupted:
        left = len(steps) - len(outcome.ran) - len(outcome.restored) - len(outcome.unchanged)
        parts.append(f"{left} left when you stopped it; what was finished is kept")
    return f"{len(steps)} stages: {', '.join(parts)}"


def _failures(outcome: RunResult, steps: dict[str, PlannedStage]) -> str:
    lines = [
        f"{len(outcome.failed)} stage(s) failed; what was finished is kept, run again to go on"
    ]
    for name, how in outcome.failed.items():
        lines.append(f"  {steps[name].title}: {how}; log: {run_log.log_path(name)}")
        waiting = [steps[other].title for other, cause in outcome.skipped.items() if cause == name]
        if waiting:
            lines.append(f"    not run because of it: {', '.join(waiting)}")
    return "\n".join(lines)


def preview(wanted: RunTargets, *, force: bool) -> None:
    """Say what would run and why, and run nothing."""
    _set_environment()
    graph, steps = _open(wanted, mend=False)
    found = forecast(graph, steps, force=force)
    for name, step in steps.items():
        for line in explain(step, found[name], steps):
            click.echo(line)
    sure = sum(bool(changes) for changes, _ in found.values())
    maybe = sum(bool(after) and not changes for changes, after in found.values())
    click.echo(
        f"{len(steps)} stages: {sure} would run, {maybe} may, {len(steps) - sure - maybe} would not"
    )


Forecast = tuple[list[Change], list[str]]
"""What changed already, and which stages before it will or may run."""


CODE_STAGE = "code"
"""The stage whose outcome is known beforehand: it digests the code that is here."""


def forecast(
    graph: DvcPipeline, steps: dict[str, PlannedStage], *, force: bool = False
) -> dict[str, Forecast]:
    """Look at every stage of a plan as things stand now."""
    found: dict[str, Forecast] = {}
    with graph.alone():
        for name, step in steps.items():
            changes = [Change(kind="force")] if force else graph.changes(name, ahead=True)
            before = [
                other for other in step.needs
                if steps[other].title != CODE_STAGE and other in found and any(found[other])
            ]  # fmt: skip
            found[name] = (changes, sorted(before))
    return found


def explain(step: PlannedStage, found: Forecast, steps: dict[str, PlannedStage]) -> list[str]:
    """Say in lines whether a stage would run, and why."""
    changes, before = found
    if changes:
        return [f"{step.title} will run:", *(f"  {change.sentence()}" for change in changes)]
    if before:
        names = ", ".join(steps[other].title for other in before)
        return [f"{step.title} may run: if {names} will write anything new"]
    return []
