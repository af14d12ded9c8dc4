"""The command that lets a retrained model through, or not."""

from pathlib import Path

import click

from foursplit.core import environment


@click.command()
@click.argument("group")
@click.option(
    "--promote/--no-promote",
    default=False,
    show_default=True,
    help="Make the winner champion if the verdict is PROMOTE.",
)
@click.option("--force", is_flag=True, help="Make it champion whatever the verdict; needs --why.")
@click.option("--why", metavar="TEXT", help="Why it is forced: kept beside the version.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all of it here.")
@click.pass_context
def gate(
    ctx: click.Context,
    group: str,
    promote: bool,
    force: bool,
    why: str | None,
    json_file: Path | None,
) -> None:
    """Hold GROUP's present winner against its champion, on the same examples.

    Exit code 0: PROMOTE (or forced), 4: HOLD, 5: REJECT.  Writes reports/gate/GROUP.json, and
    stores the winner in MLflow's registry as the group's challenger.
    """
    if force and not (why and why.strip()):
        raise click.UsageError("--force needs --why TEXT: the reason is kept beside the version.")
    if why is not None and not force:
        raise click.UsageError("--why says why a verdict is overruled: it needs --force.")
    environment.settle_quiet()
    from foursplit.doors.gate import How
    from foursplit.doors.gate import gate as door

    how = How(promote=promote, why=why.strip() if why else None, json_file=json_file)
    ctx.exit(door(group, how))


COMMANDS = (gate,)
