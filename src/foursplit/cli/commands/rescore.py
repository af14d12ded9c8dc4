"""`foursplit rescore`: re-rank past runs by another metric or by example weights."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.core.terminal import line, printable
from foursplit.diagnosis.selection.example_weights import (
    WeightFlip,
    parse_condition,
    parse_weight_rule,
)
from foursplit.diagnosis.stats.bootstrap import Estimate
from foursplit.history import rescoring
from foursplit.history.rescored_metric import Metric
from foursplit.history.rescoring import ExcludedRun, Rescored, weight_to_flip
from foursplit.io import artifacts
from foursplit.reporting.numbers import percent, quantity

SCHEMA = "foursplit.rescore/1"
MOST_NAMED = 5  # runs in a line; the JSON file has all


def rescore(
    group: str | None,
    weights: Iterable[str],
    metric: str | None,
    preference: tuple[str | None, str | None, str | None],
    json_file: Path | None,
) -> None:
    """Print the table of each group; groups that a weight rule does not fit are skipped."""
    params = load()
    prefer, over, on = preference
    if any(preference) and not all(preference):
        raise FoursplitError(
            "--preferred KEY, --rejected KEY and --where COLUMN=VALUE must be passed together."
        )
    rules = [parse_weight_rule(text) for text in weights]
    condition = parse_condition(on) if on else None
    all_groups = {
        name: block for groups in params.groups.values() for name, block in groups.items()
    }
    names = [group] if group else list(all_groups)
    reports: list[dict[str, Any]] = []
    errors: list[FoursplitError] = []
    for name in names:
        try:
            result = rescoring.rescore(
                name, params.group(name), params.diagnosis, rules, metric or ""
            )
            weight = (
                weight_to_flip(result, str(prefer), str(over), condition, params.diagnosis)
                if condition
                else None
            )
        except FoursplitError as error:
            errors.append(error if len(names) == 1 else FoursplitError(f"{name}: {error}"))
            continue
        _show(result, weight)
        reports.append({**result.as_json(), "preference": weight.as_json() if weight else None})
    if not reports:
        raise errors[0] if len(errors) == 1 else FoursplitError("\n".join(map(str, errors)))
    for skipped in errors:
        click.echo(f"skipped: {printable(skipped)}")
    if json_file is not None:
        artifacts.write_json(json_file, {"schema": SCHEMA, "groups": reports})


def _show(result: Rescored, weight: WeightFlip | None) -> None:
    n_runs = len(result.runs) + len(result.apart) + len(result.gone)
    click.secho(result.group, bold=True, nl=False)
    click.echo(
        f": {len(result.runs)} of {n_runs} recorded runs, on {result.n_examples:,} dev examples"
    )
    same = result.old == result.new
    heads = ["rank", "run", "from", str(result.old)]
    if not same:
        heads = ["rank", "was", "run", "from", str(result.old), str(result.new)]
    rows = []
    for run in result.runs:
        location = run.place if not run.also else f"{run.place}, {', '.join(run.also)}"
        before, after = _value(run.old, result.old), _value(run.new, result.new)
        name = f"{run.label}{' !' if run.broken else ''}"
        if same:
            rows.append([str(run.new_rank), name, location, before])
        else:
            rows.append([str(run.new_rank), str(run.old_rank), name, location, before, after])
    _print_columns([heads, *rows])
    _show_winner(result, same)
    if any(run.broken for run in result.runs):
        click.echo("  ! violates a bound, or its cost is unknown")
    if weight is not None:
        click.echo(line(f"  {weight.sentence}"))
    _list("not ranked", result.apart)
    _list("no longer in DVC's cache; nothing is downloaded", result.gone)


def _show_winner(result: Rescored, same: bool) -> None:
    before, after = result.old_choice["winner"], result.new_choice["winner"]
    if same:
        click.echo(f"  {after or 'none'} wins{_tied(result.new_choice)}")
    elif before == after:
        click.echo(f"  {after or 'none'} wins before and after{_tied(result.new_choice)}")
    else:
        click.echo(
            f"  {before or 'none'} wins before, {after or 'none'} after{_tied(result.new_choice)}"
        )


def _tied(choice: dict[str, Any]) -> str:
    """State why a run other than the best wins, and whom dev does not distinguish from it."""
    text = ""
    if choice["winner"] != choice["best"]:
        text = f", not worse than {choice['best']} by more than min_gain, and cheaper"
    others = [label for label in choice["not_distinguished"] if label != choice["winner"]]
    if not others:
        return text
    named = ", ".join(others[:MOST_NAMED])
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    return f"{text}; dev does not distinguish {choice['best']} from {named}{more}"


def _list(title: str, runs: Iterable[ExcludedRun]) -> None:
    """List runs; runs of one commit with the same reason share a line."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    for run in runs:
        lines.setdefault((run.place, run.when, run.reason), []).append(run.label)
    if lines:
        click.echo(f"  {title}:")
    for (location, when, reason), labels in lines.items():
        click.echo(line(f"    {location}, {when}: {', '.join(labels)}: {reason}"))


def _value(estimate: Estimate, metric: Metric) -> str:
    number = percent if metric.name == "error" else quantity
    return f"{number(estimate.value)} [{number(estimate.lo)}, {number(estimate.hi)}]"


def _print_columns(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        click.echo(line(f"  {'  '.join(cells).rstrip()}"))
