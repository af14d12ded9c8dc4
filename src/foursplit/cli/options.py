"""Options that several commands share."""

from pathlib import Path

import click

FRACTION = click.FloatRange(min=0)

json_option = click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path),
    help="Write the full result to this file.",
)

full_option = click.option(
    "--full", is_flag=True, help="Use the pipeline on full public data (accepted licences only)."
)
