"""The commands for MLflow: write runs, open its pages, serve a registered model."""

from pathlib import Path

import click

from foursplit.cli import known_names
from foursplit.core import reproducible_env


@click.command()
def track() -> None:
    """Write the outputs of the stages to MLflow; safe to repeat."""
    from foursplit.cli.commands.track import track as command

    reproducible_env.silence_libraries()
    command()


@click.command()
@click.argument("group", required=False)
@click.option("--port", default=5000, show_default=True, help="Port on 127.0.0.1.")
def ui(group: str | None, port: int) -> None:
    """Update MLflow, then open its pages on 127.0.0.1: those of GROUP's runs, or of all."""
    if group:
        known_names.require("group", group)
    from foursplit.cli.commands.ui import ui as command

    reproducible_env.silence_libraries()
    command(port, group)


@click.command()
@click.argument("name", metavar="GROUP[@ALIAS|/VERSION]")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=5001, show_default=True, help="On 127.0.0.1."
)
def serve(name: str, port: int) -> None:
    """Serve GROUP's champion, or the given version, on 127.0.0.1.

    Runs until Ctrl-C, after verifying the files.  Requests have the format of `mlflow models
    serve`: see docs/serving.md.
    """
    from foursplit.cli.commands.serve import serve as command

    reproducible_env.silence_libraries()
    command(name, port)


@click.command()
@click.argument("experiment")
@click.argument(
    "files", metavar="FILE...", type=click.Path(path_type=Path), nargs=-1, required=True
)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="CSV to write; else printed.")
def predict(experiment: str, files: tuple[Path, ...], out: Path | None) -> None:
    """Answer FILE, a table or pictures, with EXPERIMENT's model.

    A table has the columns of the data set's own file; the target is not needed. Raw cells are
    preprocessed as fitted on train. Of a picture the middle is resized to those of train. An input
    that is unlike train is named.
    """
    known_names.require("experiment", experiment)
    from foursplit.cli.commands.predict import predict as command

    reproducible_env.silence_libraries()
    command(experiment, files, out)
