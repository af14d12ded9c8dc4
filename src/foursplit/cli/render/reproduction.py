"""Show whether the same bytes came out: a line a hash, and why if not."""

from collections.abc import Mapping
from typing import Any

import click

SHOWN = 12  # digits of a hash


def show(told: Mapping[str, Any]) -> None:
    """Tell a person what `foursplit reproduce` found."""
    for row in told["compared"]:
        _row(row)
    if told["not_made"]:
        click.echo(f"  not made, since test stays sealed: {', '.join(told['not_made'])}")
    if told["lock_left_behind_by"]:
        click.echo(
            "  the commit's lock file is of other inputs, so not compared: "
            f"{', '.join(told['lock_left_behind_by'])}"
        )
    if told["equal"]:
        n, seconds = len(told["compared"]), told["seconds"]
        click.secho(f"The same bytes: {n} of {n} hashes are equal ({seconds:.0f} s).", bold=True)
    else:
        _why(told)
    for doubt in told["doubts"]:
        click.secho(f"  note: {doubt}", fg="yellow")
    if "folder" in told:
        click.echo(f"Kept: {told['folder']}")


def _row(row: Mapping[str, Any]) -> None:
    now = (row["found"] or "nothing")[:SHOWN]
    if row["equal"]:
        click.echo(f"  equal    {row['name']}  {now}")
    else:
        then = row["expected"][:SHOWN]
        click.secho(f"  DIFFERS  {row['name']}  {then} on record, {now} now", fg="red")


def _why(told: Mapping[str, Any]) -> None:
    rows = told["compared"]
    n = sum(not row["equal"] for row in rows)
    click.secho(f"Not the same bytes: {n} of {len(rows)} hashes differ.", bold=True)
    click.echo("Likely why:")
    for cause in told["causes"]:
        click.echo(f"  - {cause}")
    unknown = [given["name"] for given in told["inputs"] if given["then"] is None]
    if unknown:
        click.echo(f"Not on record, so not compared: {', '.join(unknown)}")
