"""Show MLflow what the stages have written."""

import click

from foursplit.core.errors import Refusal
from foursplit.core.params import load
from foursplit.core.pipeline import REAL
from foursplit.evaluation.collect import collect


def track() -> None:
    """Write the runs that MLflow lacks."""
    from foursplit.tracking import store
    from foursplit.tracking import track as tracking

    params = load()
    failures = store.failures()
    try:
        counts = tracking.track(params, [*collect(params), *collect(params.of(REAL))], click.echo)
    except failures as error:
        if isinstance(error, OSError):
            raise  # a full disk or a missing right: the command line names the file
        raise Refusal(
            f"{store.shown()}: MLflow cannot use it: {str(error).splitlines()[0]} {_way_out()}"
        ) from error
    click.echo(f"MLflow: {counts.new} new runs, {counts.kept} as they were")


def _way_out() -> str:
    from foursplit.tracking import store

    if store.database() is None:
        return "docs/team.md says what a shared store needs."  # others have their runs in it
    return (
        "Delete it, and `foursplit track` writes every run again; the gate's champions go with it."
    )
