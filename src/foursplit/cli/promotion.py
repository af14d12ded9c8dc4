"""The commands that retrain models, compare them with the champion and promote them."""

from pathlib import Path
from typing import Any

import click

from foursplit.cli import known_names
from foursplit.cli.options import full_option, json_option
from foursplit.core import reproducible_env


@click.command()
@click.argument("group")
@click.option(
    "--promote/--no-promote",
    default=False,
    show_default=True,
    help="Promote the winner if the verdict is PROMOTE.",
)
@click.option(
    "--force", is_flag=True, help="Promote the winner whatever the verdict; needs --reason."
)
@click.option("--reason", metavar="TEXT", help="Reason for --force; stored with the version.")
@json_option
@click.pass_context
def gate(
    ctx: click.Context,
    group: str,
    promote: bool,
    force: bool,
    reason: str | None,
    json_file: Path | None,
) -> None:
    """Compare GROUP's current winner with its champion on the same examples.

    Exit code 0: PROMOTE (or forced), 4: HOLD, 5: REJECT.  Writes reports/gate/GROUP.json, and
    registers the winner in MLflow as the group's challenger.
    """
    if force and not (reason and reason.strip()):
        raise click.UsageError(
            "--force needs --reason TEXT: the reason is stored with the version."
        )
    if reason is not None and not force:
        raise click.UsageError("--reason is the reason for --force; pass both.")
    reproducible_env.silence_libraries()
    known_names.require("group", group)
    from foursplit.cli.commands.gate import GateOptions
    from foursplit.cli.commands.gate import gate as command

    reason = reason.strip() if reason else None
    ctx.exit(command(group, GateOptions(promote=promote, reason=reason, json_file=json_file)))


@click.command()
@click.argument("group")
@click.option("--version", type=click.IntRange(min=1), help="Promote this version; needs --reason.")
@click.option("--reason", metavar="TEXT", help="Reason for --version; stored with it.")
@click.pass_context
def promote(ctx: click.Context, group: str, version: int | None, reason: str | None) -> None:
    """Promote GROUP's challenger if its verdict was PROMOTE.

    Reads only the registry, no data and no model.  With --version it promotes that version, for
    example an older champion, whatever the verdict.  Exit codes are those of `gate`.
    """
    if (version is None) != (not (reason and reason.strip())):
        raise click.UsageError(
            "--version needs --reason TEXT, and --reason needs --version N: pass both."
        )
    reproducible_env.silence_libraries()
    known_names.require("group", group)
    from foursplit.cli.commands.promote import promote as command

    ctx.exit(command(group, version, reason.strip() if reason else None))


@click.command()
@click.argument("targets", nargs=-1)
@click.option(
    "--since", metavar="COMMIT", help="Commit to compare with; by default the previous one."
)
@click.option("--promote", is_flag=True, help="Promote winners whose verdict is PROMOTE.")
@click.option("--read-only", is_flag=True, help="Decide, but write nothing to the registry.")
@click.option(
    "--branch", metavar="NAME", help="Push new locks and metrics to this branch: foursplit/…."
)
@click.option("--push", is_flag=True, help="Upload the outputs to DVC's remote.")
@full_option
def retrain(targets: tuple[str, ...], **options: Any) -> None:
    """Retrain what changed, and compare winners with champions.

    TARGETS are those of `repro`.  Downloads from DVC's remote, if there is one.  Writes
    reports/retrain/comment.md, for a pull request, and retrain.json.  The exit code is 0 if
    everything ran, whatever the verdicts.
    """
    reproducible_env.silence_libraries()
    from foursplit.cli.commands.retrain import RetrainOptions
    from foursplit.cli.commands.retrain import retrain as command

    command(targets, RetrainOptions(**options))
