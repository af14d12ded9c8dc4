"""Run the pipeline with Foursplit's scheduler: stages in parallel, in preloaded workers.

DVC's lock files and run-cache are written as DVC would.
"""

import gc
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.core import reproducible_env
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.io.progress import HEADINGS_VARIABLE
from foursplit.io.status_line import StatusLine
from foursplit.runner import run_log, stage_outputs
from foursplit.runner.background_tracking import BackgroundTracking
from foursplit.runner.dvc_adapter.graph import (
    DvcLockedError,
    DvcPipeline,
    PlannedStage,
    dvc_error_types,
    dvc_unsupported_reason,
)
from foursplit.runner.dvc_adapter.stage_objects import cache_folder
from foursplit.runner.leftover_processes import WorkerRecord
from foursplit.runner.progress_display import Display
from foursplit.runner.repair_dvc_locks import repair_locks
from foursplit.runner.rerun_reasons import Change
from foursplit.runner.run import PipelineRun, RunResult, build_queue
from foursplit.runner.unchanged import RunWatch
from foursplit.runner.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTargets:
    """The stages that a run brings up to date, as DVC addresses."""

    addresses: Sequence[str] = ()  # empty: the default pipeline
    skipped_stages: frozenset[str] = frozenset()  # not run, although others depend on them
    files: Sequence[Path] = ()  # the dvc.yaml files that matter; empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Followers:
    """What learns of each stage of a run."""

    watch: RunWatch | None = None  # which files the stages read and write
    tracking: BackgroundTracking  # which stages are done


def unsupported_reason() -> str:
    """Return why this machine cannot run stages in parallel; empty if it can."""
    if sys.platform != "linux":
        return f"parallel runs need Linux; this is {sys.platform}"
    return dvc_unsupported_reason()


def run(
    params: Params,
    targets: RunTargets,
    *,
    jobs: int | None,
    force: bool,
    pull: bool = False,
    followers: Followers,
) -> bool:
    """Run all outdated stages; return whether anything changed.  Raise if a stage failed."""
    _set_environment()
    watch, tracking = followers.watch, followers.tracking
    log = paths.state() / "logs" / "warm.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    workers = WorkerRecord(paths.state())
    pool = WorkerPool(params, log, workers.add)
    try:
        pool.start_ahead(_expected_commands(targets, pool))
        pipeline, stages = _open(targets)
    except BaseException:
        pool.close()
        workers.close()
        raise
    try:
        if watch is not None:
            folders = map(str, plugins.folders().values())
            watch.add([*pipeline.files(), *folders], cache=cache_folder(pipeline.repo))
            pipeline.on_commit = watch.commit
        if pull:
            pipeline.enable_pull(click.echo)
        pipeline_run = _pipeline_run(params, pipeline, stages, pool, jobs=jobs, force=force)
        tracking.follow(pipeline, stages, workers.add)
        pipeline_run.queue.on_done = lambda name: tracking.stage_done(
            name, changed=name in pipeline_run.reasons
        )
        outcome = pipeline_run.run(force=force)
    finally:
        pool.close()
    if watch is not None:
        reasons = (change for changes in pipeline_run.reasons.values() for change in changes)
        watch.repeatable &= all(change.kind != "always" for change in reasons)
    workers.close()
    artifacts.write_json(paths.state() / "last_run.json", asdict(outcome))
    click.echo(_summary(outcome, stages))
    if outcome.interrupted:
        raise SystemExit(128 + outcome.interrupted)
    if outcome.failed:
        tracking.finish_requested(click.echo)
        raise FoursplitError(_failures(outcome, stages))
    return bool(outcome.ran or outcome.restored)


def _pipeline_run(
    params: Params,
    pipeline: DvcPipeline,
    stages: dict[str, PlannedStage],
    pool: WorkerPool,
    *,
    jobs: int | None,
    force: bool,
) -> PipelineRun:
    queue = build_queue(stages, params, jobs or len(os.sched_getaffinity(0)))

    def predict(commands: Iterable[str]) -> list[str]:
        requested = set(commands)
        unfinished = [
            s for s in stages.values() if s.name not in queue.done and requested & {*s.commands}
        ]
        will_run = [s for s in unfinished if force or pipeline.changes(s.name)]
        return [command for stage in will_run for command in stage.commands]

    def decided(group: str) -> str:
        from foursplit.evaluation.results import collect
        from foursplit.reporting.terminal import render

        sections = (params.of(pipeline) for pipeline in params.sections())
        return render([entry for of in sections for entry in collect(of, group)], legend=False)

    pool.predict = predict
    return PipelineRun(pipeline, stages, queue, pool, Display(len(stages)), decided)


def _expected_commands(targets: RunTargets, pool: WorkerPool) -> list[str]:
    """List the commands that will probably run: while DVC plans, workers import for them.

    Those of the targets themselves; in a clean clone, where nothing ever ran, all.
    """
    has_code_stage = paths.pipeline_file("code").is_file()
    if not targets.addresses and has_code_stage and not paths.code().exists():
        return pool.commands
    commands = []
    for title in (address.partition(":")[2] for address in targets.addresses):
        stage, _, key = title.partition("@")
        if stage == "evaluate":
            commands.append(f"foursplit stage train {key}")
        if key:
            commands.append(f"foursplit stage {stage} {key}")
    return commands


def _set_environment() -> None:
    """Set the environment of every stage; the interpreter's folder comes first in PATH."""
    # DVC's graph is many small long-lived objects: collecting garbage among them is slow.
    gc.set_threshold(200_000)
    os.chdir(paths.root())
    os.environ.update(reproducible_env.QUIET)
    os.environ["PYTHONIOENCODING"] = "utf-8"  # stages write to logs
    os.environ[HEADINGS_VARIABLE] = "1"
    folder = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", "")])


def prepare_outputs(params: Params, targets: RunTargets) -> list[str]:
    """Make the outputs replaceable for a run of DVC's own; list what was moved aside."""
    if dvc_unsupported_reason():
        return stage_outputs.prepare_all_outputs(params)
    pipeline, stages = _open(targets)
    names = [name for name, stage in stages.items() if stage.commands]
    return [line for name in names for line in pipeline.prepare_outputs(name)]


def _open(
    targets: RunTargets, *, repair: bool = True
) -> tuple[DvcPipeline, dict[str, PlannedStage]]:
    try:
        return _plan(targets)
    except dvc_error_types() as error:
        # Checking each lock file beforehand takes longer than waiting for DVC's error.
        repaired = repair_locks() if repair else []
        if not repaired:
            raise FoursplitError(f"DVC: {error}") from error
        for line in repaired:
            click.echo(line)
    return _plan(targets)


def _plan(targets: RunTargets) -> tuple[DvcPipeline, dict[str, PlannedStage]]:
    pipeline = DvcPipeline(paths.root(), run_log.listings_folder())
    try:
        with StatusLine() as status, pipeline.dvc_lock():
            if status.live:  # DVC reads its files for a second or two
                status.write("planning: reading the pipeline and its locks")
            stages = pipeline.plan(targets.addresses or ["dvc.yaml"], targets.files)
        return pipeline, {
            name: replace(stage, needs=stage.needs - targets.skipped_stages)
            for name, stage in stages.items()
            if name not in targets.skipped_stages
        }
    except DvcLockedError as error:
        raise FoursplitError(f"{error}. Wait until it ends, or stop it") from error


def _summary(outcome: RunResult, stages: dict[str, PlannedStage]) -> str:
    parts = [
        f"{len(names)} {word}"
        for names, word in (
            (outcome.ran, "ran"),
            (outcome.restored, "restored from the run-cache"),
            (outcome.unchanged, "unchanged"),
            (outcome.failed, "failed"),
            (outcome.skipped, "skipped because of that"),
        )
        if names
    ]
    if outcome.interrupted:
        n_left = len(stages) - len(outcome.ran) - len(outcome.restored) - len(outcome.unchanged)
        parts.append(f"{n_left} left at the interruption; finished stages are kept")
    return f"{len(stages)} stages: {', '.join(parts)}"


def _failures(outcome: RunResult, stages: dict[str, PlannedStage]) -> str:
    lines = [
        f"{len(outcome.failed)} stage(s) failed; finished stages are kept, run again to continue"
    ]
    for name, reason in outcome.failed.items():
        lines.append(f"  {stages[name].title}: {reason}; log: {run_log.log_path(name)}")
        skipped = [
            stages[dependent].title
            for dependent, failed_stage in outcome.skipped.items()
            if failed_stage == name
        ]
        if skipped:
            lines.append(f"    skipped because of it: {', '.join(skipped)}")
    return "\n".join(lines)


def preview(targets: RunTargets, *, force: bool) -> None:
    """Print which stages would run and why, and run nothing."""
    _set_environment()
    pipeline, stages = _open(targets, repair=False)
    forecasts = forecast(pipeline, stages, force=force)
    for name, stage in stages.items():
        for line in explain(stage, forecasts[name], stages):
            click.echo(line)
    n_sure = sum(bool(changes) for changes, _ in forecasts.values())
    n_maybe = sum(bool(upstream) and not changes for changes, upstream in forecasts.values())
    click.echo(
        f"{len(stages)} stages: {n_sure} would run, {n_maybe} may, "
        f"{len(stages) - n_sure - n_maybe} would not"
    )


Forecast = tuple[list[Change], list[str]]
"""The changes of a stage, and the upstream stages that will or may run."""


KNOWN_STAGES = ("code", "members")
"""The stages whose results are known beforehand: they digest the code, and list experiments."""


def forecast(
    pipeline: DvcPipeline, stages: dict[str, PlannedStage], *, force: bool = False
) -> dict[str, Forecast]:
    """Predict for every stage of a plan whether it will run."""
    forecasts: dict[str, Forecast] = {}
    with pipeline.dvc_lock():
        for name, stage in stages.items():
            changes = [Change(kind="force")] if force else pipeline.changes(name, ahead=True)
            upstream = [
                dependency
                for dependency in stage.needs
                if stages[dependency].title not in KNOWN_STAGES
                and any(forecasts.get(dependency, ()))
            ]
            forecasts[name] = (changes, sorted(upstream))
    return forecasts


def explain(stage: PlannedStage, forecast: Forecast, stages: dict[str, PlannedStage]) -> list[str]:
    """Describe in lines whether a stage would run, and why."""
    changes, upstream = forecast
    if changes:
        return [f"{stage.title} will run:", *(f"  {change.describe()}" for change in changes)]
    if upstream:
        names = ", ".join(stages[dependency].title for dependency in upstream)
        return [f"{stage.title} may run: if {names} will write new outputs"]
    return []
