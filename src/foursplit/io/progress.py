"""Print progress: a heading for each stage, and the time that a step takes."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

HEADINGS_VARIABLE = "FOURSPLIT_HEADED"
"""Environment: set by `foursplit repro`, which prints the headings itself."""


def print_stage_heading(stage: str, key: str) -> None:
    """Print the name of the stage that starts."""
    if HEADINGS_VARIABLE not in os.environ:
        click.secho(f"{stage} {key}".rstrip(), bold=True)


@contextmanager
def report_elapsed(task: str, interval_s: float = 5.0) -> Iterator[None]:
    """Print the elapsed time to stderr at regular intervals."""
    done = threading.Event()
    start = time.monotonic()

    def report() -> None:
        while not done.wait(interval_s):
            click.echo(f"{task}: {time.monotonic() - start:.0f} s so far", err=True)

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
