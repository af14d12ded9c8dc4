"""Print the result of `foursplit reproduce`: one line per hash, and likely causes."""

from collections.abc import Mapping
from typing import Any

import click

SHORT_HASH = 12  # digits of a hash


def show(report: Mapping[str, Any]) -> None:
    """Print the report."""
    for row in report["compared"]:
        _show_row(row)
    if report["not_made"]:
        click.echo(f"  not reproduced, because test stays sealed: {', '.join(report['not_made'])}")
    if report["lock_left_behind_by"]:
        click.echo(
            "  not compared, because the commit's lock file has other inputs: "
            f"{', '.join(report['lock_left_behind_by'])}"
        )
    if report["equal"]:
        n, seconds = len(report["compared"]), report["seconds"]
        click.secho(f"Reproduced: {n} of {n} hashes are equal ({seconds:.0f} s).", bold=True)
    else:
        _show_causes(report)
    for warning in report["doubts"]:
        click.secho(f"  note: {warning}", fg="yellow")
    if "folder" in report:
        click.echo(f"Clone: {report['folder']}")


def _show_row(row: Mapping[str, Any]) -> None:
    actual = (row["found"] or "nothing")[:SHORT_HASH]
    if row["equal"]:
        click.echo(f"  equal    {row['name']}  {actual}")
    else:
        expected = row["expected"][:SHORT_HASH]
        click.secho(f"  DIFFERS  {row['name']}  {expected} recorded, {actual} now", fg="red")


def _show_causes(report: Mapping[str, Any]) -> None:
    rows = report["compared"]
    n = sum(not row["equal"] for row in rows)
    click.secho(f"Not reproduced: {n} of {len(rows)} hashes differ.", bold=True)
    click.echo("Likely causes:")
    for cause in report["causes"]:
        click.echo(f"  - {cause}")
    unknown = [row["name"] for row in report["inputs"] if row["then"] is None]
    if unknown:
        click.echo(f"Not compared, because not recorded: {', '.join(unknown)}")
