"""`foursplit why`: explain why a stage will run, ran or will not run."""

import os

import click

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.runner import run_log, run_pipeline
from foursplit.runner.dvc_adapter.graph import DvcLockedError, DvcPipeline, dvc_error_types
from foursplit.runner.progress_display import format_duration
from foursplit.runner.targets import stages_of_target
from foursplit.scaffold.needed_files import needed_files

OUTCOMES = {
    "ran": "It last ran",
    "restored": "It was last restored from the run-cache",
    "failed": "It last failed",
}


def why(target: str) -> None:
    """Explain every stage that `target` names."""
    unsupported = run_pipeline.unsupported_reason()
    if unsupported:
        raise FoursplitError(f"{unsupported}. Run `dvc status` to see what has changed.")
    os.chdir(paths.root())
    params = load()
    addresses = stages_of_target(params, target)
    graph = DvcPipeline(paths.root(), run_log.listings_folder())
    try:
        with graph.dvc_lock():
            steps = graph.plan(addresses, needed_files(params, addresses))
            names = graph.stage_names(addresses)
        changes = run_pipeline.forecast(graph, steps)
    except DvcLockedError as busy:
        raise FoursplitError(f"{busy}; try again when it has finished") from busy
    except dvc_error_types() as error:
        raise FoursplitError(f"DVC: {error}") from error
    for name in names:
        lines = run_pipeline.explain(steps[name], changes[name], steps)
        for message in lines or [
            f"{steps[name].title} will not run: none of its dependencies has changed"
        ]:
            click.echo(message)
        for message in _last_run(name):
            click.echo(message)


def _last_run(name: str) -> list[str]:
    last = run_log.read(name)
    if last is None:
        return ["  No record of a run in this folder."]
    lines = [f"  {OUTCOMES[last.how]} on {last.ended} ({format_duration(last.seconds)}), because:"]
    return lines + [f"    {reason}" for reason in last.reasons]
