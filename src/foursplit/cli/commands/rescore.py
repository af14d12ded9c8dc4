"""Score every stored run by another metric, and say how their order and the winner would change."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.core.terminal import line, printable
from foursplit.diagnosis.selection.example_weights import Flip, place, rule
from foursplit.diagnosis.stats.bootstrap import Estimate
from foursplit.history.rescoring import Apart, Metric, Rescored, flip, rescore
from foursplit.io import artifacts
from foursplit.reporting.numbers import percent, quantity

SCHEMA = "foursplit.rescore/1"


def rescored(
    group: str | None,
    weights: Iterable[str],
    metric: str | None,
    preference: tuple[str | None, str | None, str | None],
    json_file: Path | None,
) -> None:
    """Show each group's table; groups that a rule does not fit are named and passed over."""
    params = load()
    prefer, over, on = preference
    if any(preference) and not all(preference):
        raise FoursplitError("--prefer KEY, --over KEY and --on COLUMN=VALUE belong together")
    rules = [rule(text) for text in weights]
    where = place(on) if on else None
    every = {name: block for groups in params.groups.values() for name, block in groups.items()}
    names = [group] if group else list(every)
    told: list[dict[str, Any]] = []
    refusals: list[FoursplitError] = []
    for name in names:
        try:
            found = rescore(name, params.group(name), params.strategy, rules, metric or "")
            turned = flip(found, str(prefer), str(over), where, params.strategy) if where else None
        except FoursplitError as error:
            refusals.append(error if len(names) == 1 else FoursplitError(f"{name}: {error}"))
            continue
        _show(found, turned)
        told.append({**found.as_json(), "preference": turned.as_json() if turned else None})
    if not told:
        raise refusals[0] if len(refusals) == 1 else FoursplitError("\n".join(map(str, refusals)))
    for refused in refusals:
        click.echo(f"passed over: {printable(refused)}")
    if json_file is not None:
        artifacts.write_json(json_file, {"schema": SCHEMA, "groups": told})


def _show(found: Rescored, turned: Flip | None) -> None:
    known = len(found.runs) + len(found.apart) + len(found.gone)
    click.secho(found.group, bold=True, nl=False)
    click.echo(f": {len(found.runs)} of {known} known runs, on {found.n_examples:,} dev examples")
    same = found.old == found.new
    heads = ["rank", "run", "from", str(found.old)]
    if not same:
        heads = ["rank", "was", "run", "from", str(found.old), str(found.new)]
    rows = []
    for run in found.runs:
        seen = run.place if not run.also else f"{run.place}, {', '.join(run.also)}"
        before, after = _value(run.old, found.old), _value(run.new, found.new)
        name = f"{run.label}{' !' if run.broken else ''}"
        if same:
            rows.append([str(run.new_rank), name, seen, before])
        else:
            rows.append([str(run.new_rank), str(run.old_rank), name, seen, before, after])
    _columns([heads, *rows])
    _say_who_wins(found, same)
    if any(run.broken for run in found.runs):
        click.echo("  ! breaks a bound, or its cost is not known")
    if turned is not None:
        click.echo(line(f"  {turned.sentence}"))
    _list("not ranked with them", found.apart)
    _list("gone from DVC's cache, and nothing is fetched", found.gone)


def _say_who_wins(found: Rescored, same: bool) -> None:
    before, after = found.old_choice["winner"], found.new_choice["winner"]
    if same:
        click.echo(f"  {after or 'none'} wins{_tied(found.new_choice)}")
    elif before == after:
        click.echo(f"  {after or 'none'} wins before and after{_tied(found.new_choice)}")
    else:
        click.echo(f"  {before or 'none'} wins before, {after or 'none'} then"
                   f"{_tied(found.new_choice)}")  # fmt: skip


def _tied(choice: dict[str, Any]) -> str:
    """Say that the winner was the cheapest of several that the examples cannot tell apart."""
    if choice["winner"] == choice["best"]:
        return ""
    return f", tied with {choice['best']} and the cheaper"


def _list(title: str, runs: Iterable[Apart]) -> None:
    """List runs, those of one commit that share their reason on one line."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    for run in runs:
        lines.setdefault((run.place, run.when, run.reason), []).append(run.label)
    if lines:
        click.echo(f"  {title}:")
    for (at, when, reason), labels in lines.items():
        click.echo(line(f"    {at}, {when}: {', '.join(labels)}: {reason}"))


def _value(found: Estimate, metric: Metric) -> str:
    write = percent if metric.name == "error" else quantity
    return f"{write(found.value)} [{write(found.lo)}, {write(found.hi)}]"


def _columns(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        click.echo(line(f"  {'  '.join(cells).rstrip()}"))
