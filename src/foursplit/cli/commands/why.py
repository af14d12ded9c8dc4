"""Say why a stage will run, or did, or will not."""

import os

import click

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.runner import run_log, run_pipeline
from foursplit.runner.dvc_adapter.graph import DvcLockedError, DvcPipeline, dvc_error_types
from foursplit.runner.progress_display import format_duration
from foursplit.runner.targets import stages_of_target

PAST = {"ran": "It last ran", "restored": "It was last restored from the run-cache",
        "failed": "It last failed"}  # fmt: skip


def why(target: str) -> None:
    """Explain every stage that `target` names."""
    reason = run_pipeline.unsupported_reason()
    if reason:
        raise FoursplitError(f"{reason}: `dvc status` says what has changed")
    os.chdir(paths.root())
    params = load()
    wanted = stages_of_target(params, target)
    pipeline = DvcPipeline(paths.root(), run_log.listings_folder())
    try:
        with pipeline.dvc_lock():
            steps = pipeline.plan(wanted)
            named = pipeline.stage_names(wanted)
        found = run_pipeline.forecast(pipeline, steps)
    except DvcLockedError as busy:
        raise FoursplitError(f"{busy}; ask again when it is done") from busy
    except dvc_error_types() as error:
        raise FoursplitError(f"DVC: {error}") from error
    for name in named:
        lines = run_pipeline.explain(steps[name], found[name], steps)
        for line in lines or [f"{steps[name].title} will not run: nothing it reads has changed"]:
            click.echo(line)
        for line in _past(name):
            click.echo(line)


def _past(name: str) -> list[str]:
    last = run_log.read(name)
    if last is None:
        return ["  No record of a run in this folder."]
    lines = [f"  {PAST[last.how]} on {last.ended} ({format_duration(last.seconds)}), because:"]
    return lines + [f"    {reason}" for reason in last.reasons]
