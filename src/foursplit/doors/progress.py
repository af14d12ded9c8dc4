"""One line a stage, so that a person can follow a run."""

import os
from pathlib import Path

import click

COUNTER = "FOURSPLIT_STAGES_RUN"
"""Environment: a file that `foursplit repro` gives its stages to count themselves in."""

TOTAL = "FOURSPLIT_STAGES"


def heading(stage: str, key: str) -> None:
    """Name the stage that starts, with its number where `foursplit repro` counts."""
    click.secho(f"{_number()}{stage} {key}".rstrip(), bold=True)


def _number() -> str:
    counter = os.environ.get(COUNTER)
    if not counter:
        return ""
    with Path(counter).open("ab") as file:
        file.write(b".")
        return f"[{file.tell()} of at most {os.environ.get(TOTAL, '?')}] "
