"""The commands that add a data set, a model or a learning curve, and list what there is."""

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
@click.option("--drop", multiple=True, metavar="COLUMN", help="No input; may be repeated.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="An input in any case; repeatable.")
@click.option("--group", metavar="COLUMN", help="Rows with equal values stay in one split.")
@click.option("--time", metavar="COLUMN", help="Split by time: train first, test last.")
@click.option("--task", help="regress, classify_binary or classify; else by the target's values.")
@click.option("--positive", metavar="CLASS", help="The positive one of two classes.")
def new_dataset(
    name: str,
    csv: Path,
    target: str,
    drop: tuple[str, ...],
    keep: tuple[str, ...],
    group: str | None,
    time: str | None,
    task: str | None,
    positive: str | None,
) -> None:
    """Add a CSV file as dataset NAME, with a linear model as first experiment.

    Prints what each column is read as, and why, and writes the same into the dataset's file.
    """
    from foursplit.scaffold.infer_schema import Wishes
    from foursplit.scaffold.new import new_dataset as command

    reproducible_env.silence_libraries()
    wishes = Wishes(drop=drop, keep=keep, group=group, time=time, task=task, positive=positive)
    command(name, csv, target, wishes)


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


def _sizes(_ctx: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    """Read whole numbers above 0, separated by commas."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"{text!r} must be whole numbers above 0, such as 3,224,224.")
    return tuple(map(int, parts))


@click.command()
@click.argument("model")
@click.option(
    "--input",
    "inputs",
    default="3,224,224",
    callback=_sizes,
    metavar="AXES",
    show_default=True,
    help="Axes of one example: channel, row and column of a picture.",
)
@click.option("--classes", default=1000, type=click.IntRange(min=1), show_default=True)
@click.option("--args", default="", metavar="YAML", help="model_args, such as '{width: 0.5}'.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def shapes(model: str, inputs: tuple[int, ...], classes: int, args: str, as_json: bool) -> None:
    """Show the layers of MODEL: the outputs, parameters and products of each.

    Nothing is computed: a network of any size takes seconds.
    """
    from foursplit.cli.commands.shapes import shapes as command

    reproducible_env.silence_libraries()
    command(model, inputs, classes, args, as_json=as_json)
