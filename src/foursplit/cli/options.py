"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

FRACTION = click.FloatRange(min=0)

json_option = click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path),
    help="Write the full result to this file.",
)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what tables hold, passed to the command as `reading`."""
    for option in reversed(READING):
        command = option(command)
    return command


READING = (
    click.option(
        "--metric",
        metavar="NAME",
        help="Metric that errors are of, such as f1, roc_auc, balanced_error, rmse, r2.",
    ),
    click.option("--positive", metavar="CLASS", help="Of two classes, that which counts."),
    click.option("--regression", is_flag=True, help="y and y_hat are quantities, not classes."),
    click.option(
        "--meta",
        multiple=True,
        metavar="COLUMN",
        help="Column to look for slices in, besides meta.*; repeatable; 'all' for every other one.",
    ),
)

full_option = click.option(
    "--full", is_flag=True, help="Use the pipeline on full public data (accepted licences only)."
)
