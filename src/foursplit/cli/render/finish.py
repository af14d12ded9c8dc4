"""Finish a run: print the summary table and update MLflow."""

from pathlib import Path

import click

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.io import artifacts
from foursplit.runner.background_tracking import BackgroundTracking
from foursplit.runner.progress_display import format_duration


def finish_run(
    params: Params, seconds: float, *, changed: bool, tracking: BackgroundTracking | None = None
) -> str:
    """Print the table, name the report, and track new runs; return what was printed, but times.

    `tracking` is a process that has written most runs already.
    """
    from foursplit.evaluation.results import collect
    from foursplit.reporting.terminal import render

    entries = collect(params)
    table = render(entries) if entries else ""
    report = f"Report: {paths.reports(params.pipeline) / 'index.html'}\n"
    compare = "Compare runs in MLflow: make ui (or foursplit ui)\n"
    lessons = [key for block in params.lessons.values() for key in block]
    has_results = bool(entries) or any(paths.lesson(key).is_file() for key in lessons)
    # First, since MLflow alone takes seconds, and may fail.
    click.echo(f"{table}{format_duration(seconds)}. {report}", nl=False)
    if has_results and (changed or not _is_tracked()):
        if tracking is None or not tracking.finish(click.echo):
            from foursplit.cli.commands.track import track

            track()
        artifacts.write_json(_tracked_file(), _state())
    click.echo(compare, nl=False)
    return f"{table}{report}{compare}"


def _tracked_file() -> Path:
    return paths.state() / "tracked.json"


def _is_tracked() -> bool:
    """Return whether MLflow has all changes of parameters and outputs."""
    return _tracked_file().is_file() and artifacts.read_json(_tracked_file()) == _state()


def _state() -> dict[str, str]:
    """Hash the inputs of tracking: parameters, and locks with the hashes of all outputs."""
    from foursplit.tracking import store

    root, files = paths.root(), [paths.params_file(), *paths.locks()]
    state = {str(p.relative_to(root)): artifacts.sha256_file(p) for p in files if p.is_file()}
    database = store.database_path()
    address = store.display_uri() if database is None or database.is_file() else "missing"
    return {**state, "store": address}
