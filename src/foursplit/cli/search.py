"""The command that searches for hyperparameters."""

from typing import Any, get_args

import click

from foursplit.cli import known_names
from foursplit.cli.stages import configure
from foursplit.config.samplers import Sampler
from foursplit.core import reproducible_env


@click.command()
@click.argument("experiment")
@click.option(
    "--trials",
    type=click.IntRange(min=2),
    metavar="N",
    help="Whole trainings to spend; 20 by default, or as params.yaml says.",
)
@click.option("--sampler", type=click.Choice(get_args(Sampler)), help="tpe by default.")
@click.option(
    "--range",
    "ranges",
    multiple=True,
    metavar="NAME=LOW:HIGH[:SCALE]",
    help="A hyperparameter and its range, such as fit.learning_rate=0.001:1:log; or NAME=a,b,c.",
)
@click.option(
    "--epochs", "max_epochs", type=click.IntRange(min=1), metavar="N", help="Epochs of a trial."
)
@click.option("--seed", type=click.IntRange(min=0), help="Another seed, other trials.")
def search(experiment: str, **options: Any) -> None:
    """Look for better hyperparameters of EXPERIMENT, on dev; safe to stop and repeat.

    Without --range it looks where a search of params.yaml does that starts from EXPERIMENT, or
    around the learning rate of a network, and for its momentum, weight decay and dropout.  Ctrl-C
    keeps the finished trials, and the same command goes on; more --trials continue.
    """
    known_names.require("experiment", experiment)
    params = configure()
    reproducible_env.silence_libraries()
    from foursplit.cli.commands.search import SearchOptions
    from foursplit.cli.commands.search import search as command

    command(experiment, SearchOptions(**options), params)
