"""One line a stage, so that a person can follow a run."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

HEADED = "FOURSPLIT_HEADED"
"""Environment: `foursplit repro` names each stage itself."""


def heading(stage: str, key: str) -> None:
    """Name the stage that starts."""
    if HEADED not in os.environ:
        click.secho(f"{stage} {key}".rstrip(), bold=True)


@contextmanager
def still_working(what: str, after: float = 5.0) -> Iterator[None]:
    """Say on stderr, every so often, that work goes on and since when."""
    done = threading.Event()
    began = time.monotonic()

    def watch() -> None:
        while not done.wait(after):
            click.echo(f"{what}: {time.monotonic() - began:.0f} s so far", err=True)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
