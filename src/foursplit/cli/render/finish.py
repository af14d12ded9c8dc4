"""Finish a run: print the summary table and update MLflow."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.io import artifacts
from foursplit.runner.background_tracking import BackgroundTracking
from foursplit.runner.progress_display import format_duration
from foursplit.runner.unchanged import RunWatch

if TYPE_CHECKING:
    from foursplit.evaluation.results import ExperimentResult


def finish_run(
    params: Params,
    seconds: float,
    *,
    changed: bool,
    tracking: BackgroundTracking | None = None,
    asked: Collection[str] | None = None,
    watch: RunWatch | None = None,
) -> str:
    """Print the table, name the report, and track new runs; return what was printed, but times.

    With `asked`, table and pages are of these experiments alone.

    `tracking` is a process that has written most runs already.  `watch` learns which pages are new.
    """
    from foursplit.evaluation.results import collect
    from foursplit.reporting.terminal import render

    entries = [e for e in collect(params) if asked is None or e.key in asked]
    table = render(entries) if entries else ""
    page = _report(params, entries, watch, everything=asked is None)
    report = f"Report: {page}\n" if page else "\n"
    compare = "Compare runs in MLflow: make ui (or foursplit ui)\n"
    lessons = [key for block in params.lessons.values() for key in block]
    has_results = bool(entries) or any(paths.lesson(key).is_file() for key in lessons)
    # First, since MLflow alone takes seconds, and may fail.
    click.echo(f"{table}{format_duration(seconds)}.{' ' * bool(page)}{report}", nl=False)
    if has_results and (changed or not _is_tracked()):
        if tracking is None or not tracking.finish(click.echo):
            from foursplit.cli.commands.track import track

            track()
        artifacts.write_json(_tracked_file(), _state())
    click.echo(compare, nl=False)
    return f"{table}{report}{compare}"


def _report(
    params: Params,
    entries: Sequence["ExperimentResult"],
    watch: RunWatch | None,
    *,
    everything: bool,
) -> Path | None:
    """Return the page to open, written now for a part of the experiments; None without one."""
    if everything:
        index = paths.reports(params.pipeline) / "index.html"
        return index if index.is_file() else None
    if not entries:
        return None
    from foursplit.reporting.pages import partial_report

    page = partial_report.write(params, entries)
    if watch is not None:
        watch.commit_folder(page.parent)
    return page


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
