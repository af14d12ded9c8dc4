"""The commands about the past: how gaps moved and who was champion, and a past run made again."""

from pathlib import Path

import click

from foursplit.core import reproducible_env


@click.command()
@click.argument("group", required=False)
@click.option(
    "--last", default=40, show_default=True, help="How many runs and versions of a group, at most."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all of it here.")
def history(group: str | None, last: int, json_file: Path | None) -> None:
    """Show how gaps moved from run to run, and who was champion when, and why.

    Reads every run that git and DVC's cache still hold, and what the gate stored in MLflow's
    registry; writes reports/history.html.
    """
    from foursplit.cli.commands.history import show

    reproducible_env.settle_quiet()
    show(group, last, json_file)


@click.command()
@click.argument("run")
@click.option("--anyway", is_flag=True, help="Go on where the outcome is likely to differ.")
@click.option("--keep", type=click.Path(path_type=Path), help="Leave the clone in this folder.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all of it here.")
@click.pass_context
def reproduce(
    ctx: click.Context, run: str, anyway: bool, keep: Path | None, json_file: Path | None
) -> None:
    """Train a past RUN again from its commit, and say whether the same bytes come out.

    RUN is the id of an MLflow run, a version of the registry (models:/GROUP@champion,
    models:/GROUP/2), or EXPERIMENT@COMMIT.  Exit code 0: the same bytes, 6: other bytes, and what
    is likely to be why.
    """
    reproducible_env.settle_quiet()
    from foursplit.cli.commands.reproduce import How
    from foursplit.cli.commands.reproduce import reproduce as door

    ctx.exit(door(run, How(anyway=anyway, keep=keep, json_file=json_file)))


COMMANDS = (history, reproduce)
