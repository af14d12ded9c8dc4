"""The commands that add a data set, a model or a learning curve, and list public data sets."""

from pathlib import Path

import click

from foursplit.cli import known_names
from foursplit.cli.group import FoursplitGroup
from foursplit.core import reproducible_env


@click.group(cls=FoursplitGroup)
def new() -> None:
    """Add your own data or model: a file and a block in params.yaml."""


@new.command("dataset")
@click.argument("name")
@click.option("--csv", required=True, type=click.Path(path_type=Path), help="File in the project.")
@click.option("--target", required=True, help="Column to predict.")
def new_dataset(name: str, csv: Path, target: str) -> None:
    """Add a CSV file as dataset NAME, with a linear model as first experiment."""
    from foursplit.scaffold.new import new_dataset as command

    reproducible_env.silence_libraries()
    command(name, csv, target)


@new.command("model")
@click.argument("name")
@click.option("--group", help="Comparison group to join; by default your own, if you have one.")
def new_model(name: str, group: str | None) -> None:
    """Add an architecture NAME, and an experiment that compares it."""
    if group:
        known_names.require("group", group)
    from foursplit.scaffold.new import new_model as command

    reproducible_env.silence_libraries()
    command(name, group)


@new.command("learning-curve")
@click.argument("experiment")
def new_curve(experiment: str) -> None:
    """Add a learning curve of EXPERIMENT: its block in params.yaml."""
    known_names.require("experiment", experiment)
    from foursplit.scaffold.new import new_curve as command

    reproducible_env.silence_libraries()
    command(experiment)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def datasets(as_json: bool) -> None:
    """List the public data sets: size, state and licence."""
    from foursplit.cli.commands.datasets import datasets as command

    command(as_json)
