"""`foursplit history`: print the history of gaps and champions, and write its page."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from foursplit.cli.render import champion_lines
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.schema import Params
from foursplit.core.terminal import line
from foursplit.diagnosis.decomposition.verdict import NAMES
from foursplit.history.gap_history import History, HistoryStep, histories
from foursplit.io import artifacts
from foursplit.reporting.pages.history import page

SCHEMA = "foursplit.history/1"

MAX_RETRIES_VARIABLE = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"


def show(group: str | None, most: int, json_file: Path | None) -> None:
    """Write `reports/history.html`, and print one line per run."""
    params = load()
    all_groups = [name for block in params.groups.values() for name in block]
    names = [group] if group else all_groups
    for name in names:
        params.group(name)
    with click.progressbar(names, label="Reading past runs", file=sys.stderr) as bar:
        result = histories(params, bar, most)
    champions = _champions(params, result, most)
    for history in result:
        click.secho(history.group, bold=True)
        for number, step in enumerate(history.steps, start=1):
            click.echo(line(f"  {number}. {_format_step(step)}"))
        if history.gone:
            click.echo(f"  {len(history.gone)} runs whose tables are no longer in DVC's cache")
        if not history.steps:
            click.echo("  no runs. Run `foursplit repro`.")
        for text in champion_lines.lines(champions.get(history.group, [])):
            click.echo(line(f"  {text}"))
    path = paths.reports() / "history.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    artifacts.write_text(path, page(result, params.diagnosis.confidence, champions))
    if json_file is not None:
        groups = {history.group: [step.as_json() for step in history.steps] for history in result}
        versions = {history.group: champions.get(history.group, []) for history in result}
        content = {"schema": SCHEMA, "groups": groups, "champions": versions}
        artifacts.write_json(json_file, content)
    click.echo(f"Page: {path}")


def _champions(
    params: Params, histories: Sequence[History], most: int
) -> Mapping[str, list[dict[str, Any]]]:
    """Read the versions from MLflow's registry; without it, or if it fails, return none."""
    from foursplit.tracking import store
    from foursplit.tracking.registry import model_versions

    if not model_versions.may_have_versions():
        return {}
    os.environ.setdefault(MAX_RETRIES_VARIABLE, "1")  # by default MLflow retries for minutes
    from foursplit.tracking import store_errors
    from foursplit.tracking.registry import champions

    try:
        steps = {history.group: history.steps for history in histories}
        versions = champions.champions_by_group(params, steps, most)
    except store.error_types() as error:
        reason = store_errors.reason(error)
        click.secho(
            f"no champions: MLflow cannot read {store.display_uri()}: {reason}", fg="yellow"
        )
        return {}
    return {group: [version.as_json() for version in block] for group, block in versions.items()}


def _format_step(step: HistoryStep) -> str:
    version = step.version
    dev = f"{version.key}: dev {version.splits['dev'].value:.1%}"
    if step.parent is None or step.movement is None:
        return f"{dev}. {step.sentence}"
    changed = ", ".join(step.changed) or "nothing"
    changes = [f"{NAMES[gap.name]} {gap.change:+.1%}" for gap in step.movement.moved()]
    error = next(change for change in step.movement.splits if change.name == "dev")
    significance = "significant" if error.is_significant else "not significant"
    gaps = f" ({', '.join(changes)})" if changes else ""
    return (
        f"{dev}, {error.change:+.1%} ({significance}); changed from {step.parent.key}: {changed}. "
        f"{step.sentence}{gaps}"
    )
