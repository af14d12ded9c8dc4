"""How a run ends: MLflow has its runs, and a person has the table."""

from pathlib import Path

import click

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.io import artifacts
from foursplit.runner.progress_display import format_duration


def conclude(params: Params, seconds: float, *, changed: bool) -> None:
    """Track what is new, show the table of a pipeline, and say where to look."""
    from foursplit.evaluation.results import collect
    from foursplit.reporting.terminal import show

    entries = collect(params)
    studies = [key for block in params.studies.values() for key in block]
    shown = bool(entries) or any(paths.study(key).is_file() for key in studies)
    try:
        if shown and (changed or not _is_tracked()):
            from foursplit.cli.commands.track import track

            track()
            artifacts.write_json(_mark(), _state())
    finally:  # a store that refuses takes no result away
        if entries:
            show(entries)
        click.echo(f"{format_duration(seconds)}. Report: {paths.reports(params.pipeline) / 'index.html'}")
    click.echo("Compare runs in MLflow: make ui (or foursplit ui)")


def _mark() -> Path:
    return paths.state() / "tracked.json"


def _is_tracked() -> bool:
    """Tell whether MLflow was brought up to date after the last change to anything it shows."""
    return _mark().is_file() and artifacts.read_json(_mark()) == _state()


def _state() -> dict[str, str]:
    """Hash what tracking reads: parameters and locks, which name every output by its hash."""
    from foursplit.tracking import store

    root, found = paths.root(), [paths.params_file(), *paths.locks()]
    state = {str(p.relative_to(root)): artifacts.sha256_file(p) for p in found if p.is_file()}
    database = store.database_path()
    where = store.display_uri() if database is None or database.is_file() else "missing"
    return {**state, "store": where}
