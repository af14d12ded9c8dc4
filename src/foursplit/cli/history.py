"""The commands about past runs: the history of gaps and champions, and reproducing a run."""

from pathlib import Path

import click

from foursplit.cli import known_names
from foursplit.cli.options import json_option
from foursplit.core import reproducible_env


@click.command()
@click.argument("group", required=False)
@click.option(
    "--last", default=40, show_default=True, help="Maximum number of runs and versions per group."
)
@json_option
def history(group: str | None, last: int, json_file: Path | None) -> None:
    """Show the changes of gaps from run to run, and the champions.

    Reads all runs that git and DVC's cache still have, and the versions in MLflow's registry.
    Writes reports/history.html.
    """
    if group:
        known_names.require("group", group)
    from foursplit.cli.commands.history import show

    reproducible_env.silence_libraries()
    show(group, last, json_file)


@click.command()
@click.argument("run")
@click.option(
    "--ignore-differences",
    is_flag=True,
    help="Continue although the code or packages differ from the recorded run.",
)
@click.option(
    "--keep-clone", type=click.Path(path_type=Path), help="Keep the clone in this folder."
)
@json_option
@click.pass_context
def reproduce(
    ctx: click.Context,
    run: str,
    ignore_differences: bool,
    keep_clone: Path | None,
    json_file: Path | None,
) -> None:
    """Train a past RUN again from its commit, and compare hashes.

    RUN is the id of an MLflow run, a version of the registry (models:/GROUP@champion,
    models:/GROUP/2), or EXPERIMENT@COMMIT.  Exit code 0: all hashes are equal, 6: some differ, with
    likely causes.
    """
    reproducible_env.silence_libraries()
    from foursplit.cli.commands.reproduce import ReproduceOptions
    from foursplit.cli.commands.reproduce import reproduce as command

    options = ReproduceOptions(
        ignore_differences=ignore_differences, keep_clone=keep_clone, json_file=json_file
    )
    ctx.exit(command(run, options))
