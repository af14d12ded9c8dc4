"""The commands that retrain, and let a retrained model through or not."""

from pathlib import Path
from typing import Any

import click

from foursplit.core import reproducible_env


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
    reproducible_env.settle_quiet()
    from foursplit.cli.commands.gate import How
    from foursplit.cli.commands.gate import gate as door

    how = How(promote=promote, why=why.strip() if why else None, json_file=json_file)
    ctx.exit(door(group, how))


@click.command()
@click.argument("group")
@click.option("--version", type=click.IntRange(min=1), help="Go to this one; needs --why.")
@click.option("--why", metavar="TEXT", help="Why that version: kept beside it.")
@click.pass_context
def promote(ctx: click.Context, group: str, version: int | None, why: str | None) -> None:
    """Make GROUP's challenger champion if the gate's verdict was PROMOTE.

    Reads the registry alone: no data, no model is opened.  With --version it goes to that version,
    an older champion for example, whatever the gate said.  Exit codes are those of `gate`.
    """
    if (version is None) != (not (why and why.strip())):
        raise click.UsageError(
            "--version and --why belong together: a choice of yours has a reason."
        )
    reproducible_env.settle_quiet()
    from foursplit.cli.commands.promote import promote as door

    ctx.exit(door(group, version, why.strip() if why else None))


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--since", metavar="COMMIT", help="Compare with this one; by default the one before.")
@click.option("--promote", is_flag=True, help="Make champion what the gate finds better.")
@click.option("--read-only", is_flag=True, help="Judge, and store nothing in the registry.")
@click.option("--branch", metavar="NAME", help="Push new locks and metrics to it: foursplit/….")
@click.option("--push", is_flag=True, help="Give DVC's remote what was computed.")
@click.option("--real", is_flag=True, help="The pipeline on remote data, as far as accepted.")
def retrain(targets: tuple[str, ...], **how: Any) -> None:
    """Train what changed, hold each new winner against its champion, and say what came of it.

    TARGETS are those of `repro`.  Brings what DVC's remote has, if there is one; writes
    reports/retrain/comment.md, for a pull request, and retrain.json.  A verdict is no failure: the
    exit code is 0 if everything ran.
    """
    reproducible_env.settle_quiet()
    from foursplit.cli.commands.retrain import How
    from foursplit.cli.commands.retrain import retrain as door

    door(targets, How(**how))


COMMANDS = (gate, promote, retrain)
