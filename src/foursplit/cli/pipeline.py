"""The commands that run, check and explain the pipeline."""

from contextlib import nullcontext
from typing import Any

import click

from foursplit.cli import known_names
from foursplit.cli.group import FoursplitGroup
from foursplit.cli.options import full_option
from foursplit.cli.stages import configure
from foursplit.core import reproducible_env
from foursplit.io.status_line import announce


@click.command()
@click.argument("targets", nargs=-1)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    metavar="N",
    help="Total threads of the running stages; the number of cores by default.",
)
@click.option("--force", is_flag=True, help="Run stages even if nothing changed.")
@click.option("--dry", is_flag=True, help="Only show which stages would run, and why.")
@click.option("--pull", is_flag=True, help="Download outputs that DVC's remote already has.")
@click.option(
    "--plain-dvc",
    is_flag=True,
    help="Run every stage with plain `dvc repro`, sequentially and in its own process.",
)
@full_option
def repro(targets: tuple[str, ...], **options: Any) -> None:
    """Run the pipeline in parallel, and print the summary table.

    TARGETS are experiments, groups, datasets, courses, stages (train@KEY, or train for all), DVC
    targets, or words that select several: c4, "DLS C4 W2", cnn, lenet.  Without any, all stages
    run.
    """
    watch = early = None
    if not any(options.values()):
        from foursplit.runner import unchanged

        text = unchanged.recorded_text(targets)
        if text is not None:
            click.echo(f"Nothing to do: no file has changed since the last run.\n{text}", nl=False)
            return
        from foursplit.runner.workers.early_start import EarlyWorkers

        early = EarlyWorkers(targets)
        watch = unchanged.RunWatch(targets)
    with early or nullcontext():
        if not options["full"]:  # which has courses of its own
            known_names.require_targets(targets)
        with announce("starting: importing the runner"):
            from foursplit.cli.commands.repro import ReproOptions
            from foursplit.cli.commands.repro import repro as command

        reproducible_env.silence_libraries()
        command(targets, ReproOptions(**options), watch, early)


@click.command()
@click.argument("stage")
def why(stage: str) -> None:
    """Explain why STAGE ran, will run or will not run: what changed."""
    known_names.require_targets([stage])
    from foursplit.cli.commands.explain import why as command

    reproducible_env.silence_libraries()
    command(stage)


@click.command()
def check() -> None:
    """Validate params.yaml, including the arguments of every model."""
    params = configure()  # first: it sets what numeric libraries read when they are imported
    from foursplit.cli.commands import check as command

    command.check(params)
    command.check_arguments(params)
    click.echo(command.describe(params))


@click.command()
@full_option
def summary(full: bool) -> None:
    """Show the summary table: errors, verdict, next step."""
    from foursplit.config.load import load
    from foursplit.config.pipelines import FULL
    from foursplit.evaluation.results import collect
    from foursplit.reporting.terminal import render

    reproducible_env.silence_libraries()
    click.echo(render(collect(load().of(FULL if full else ""))), nl=False)


@click.command()
@click.argument("targets", nargs=-1)
@click.option(
    "--here", is_flag=True, help="Check the outputs and DVC's cache in this folder; run nothing."
)
def verify(targets: tuple[str, ...], here: bool) -> None:
    """Run TARGETS in two clean clones and compare every hash."""
    reproducible_env.silence_libraries()
    if here:
        if targets:
            raise click.UsageError("--here checks everything; leave out the targets.")
        from foursplit.cli.commands.verify_here import verify_here

        verify_here()
        return
    from foursplit.cli.commands.verify import verify as command

    command(targets)


@click.group(cls=FoursplitGroup)
def pipeline() -> None:
    """Write the dvc.yaml files from params.yaml."""


@pipeline.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 2 if a file is out of date.")
def write(check: bool) -> None:
    """Write dvc.yaml and pipelines/*/dvc.yaml from params.yaml."""
    from foursplit.config import paths
    from foursplit.config.load import load
    from foursplit.scaffold import write_pipelines

    params = load()
    if check:
        write_pipelines.check(params)
        click.echo("The dvc.yaml files are up to date with params.yaml.")
        return
    for path in write_pipelines.write(params):
        click.echo(f"wrote {path.relative_to(paths.root())}")
