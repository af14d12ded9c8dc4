"""Show how gaps moved from run to run and who was champion when, and write the page of it."""

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
from foursplit.history.gap_history import History, Step, histories
from foursplit.io import artifacts
from foursplit.reporting.pages.history import page

SCHEMA = "foursplit.history/1"

RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"


def show(group: str | None, most: int, json_file: Path | None) -> None:
    """Write `reports/history.html`, and say in a line a run what it did."""
    params = load()
    every = [name for block in params.groups.values() for name in block]
    names = [group] if group else every
    for name in names:
        params.group(name)
    with click.progressbar(names, label="Reading what was run", file=sys.stderr) as bar:
        told = histories(params, bar, most)
    champions = _champions(params, told, most)
    for one in told:
        click.secho(one.group, bold=True)
        for number, step in enumerate(one.steps, start=1):
            click.echo(line(f"  {number}. {_line(step)}"))
        if one.gone:
            click.echo(f"  {len(one.gone)} runs whose tables are gone from DVC's cache")
        if not one.steps:
            click.echo("  no run to show: `foursplit repro` makes today's")
        for said in champion_lines.lines(champions.get(one.group, [])):
            click.echo(line(f"  {said}"))
    path = paths.reports() / "history.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    artifacts.write_text(path, page(told, params.strategy.confidence, champions))
    if json_file is not None:
        groups = {one.group: [step.as_json() for step in one.steps] for one in told}
        found = {one.group: champions.get(one.group, []) for one in told}
        artifacts.write_json(json_file, {"schema": SCHEMA, "groups": groups, "champions": found})
    click.echo(f"Page: {path}")


def _champions(
    params: Params, told: Sequence[History], most: int
) -> Mapping[str, list[dict[str, Any]]]:
    """Ask MLflow's registry, where there is one; a store in trouble leaves the rest as it is."""
    from foursplit.tracking import store
    from foursplit.tracking.registry import model_versions

    if not model_versions.may_have_versions():
        return {}
    os.environ.setdefault(RETRIES, "1")  # by default a server that is away is asked for minutes
    from foursplit.tracking import store_errors
    from foursplit.tracking.registry import champions

    try:
        found = champions.champions_by_group(params, {one.group: one.steps for one in told}, most)
    except store.error_types() as error:
        reason = store_errors.reason(error)
        click.secho(f"no champions: {store.display_uri()}: MLflow cannot use it: {reason}", fg="yellow")
        return {}
    return {group: [one.as_json() for one in block] for group, block in found.items()}


def _line(step: Step) -> str:
    version = step.version
    dev = f"{version.key}: dev {version.splits['dev'].value:.1%}"
    if step.parent is None or step.movement is None:
        return f"{dev}. {step.sentence}"
    changed = ", ".join(step.changed) or "nothing but the run"
    moved = [f"{NAMES[gap.name]} {gap.change:+.1%}" for gap in step.movement.moved()]
    error = next(one for one in step.movement.splits if one.name == "dev")
    sure = "beyond doubt" if error.beyond_doubt else "perhaps by chance"
    gaps = f" ({', '.join(moved)})" if moved else ""
    return (
        f"{dev}, {error.change:+.1%} {sure}; {changed} against {step.parent.key}. "
        f"{step.sentence}{gaps}"
    )
