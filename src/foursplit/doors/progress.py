"""One line a stage, so that a person can follow a run."""

import os

import click

HEADED = "FOURSPLIT_HEADED"
"""Environment: `foursplit repro` names each stage itself."""


def heading(stage: str, key: str) -> None:
    """Name the stage that starts."""
    if HEADED not in os.environ:
        click.secho(f"{stage} {key}".rstrip(), bold=True)
