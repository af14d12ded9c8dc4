"""Show MLflow what the stages have written."""

import click

from foursplit.core.params import load
from foursplit.core.pipeline import REAL
from foursplit.evaluation.collect import collect


def track() -> None:
    """Write the runs that MLflow lacks."""
    from foursplit.tracking import track as tracking
    from foursplit.tracking import trouble

    params = load()
    with trouble.explained():
        counts = tracking.track(params, [*collect(params), *collect(params.of(REAL))], click.echo)
    click.echo(f"MLflow: {counts.new} new runs, {counts.kept} as they were")
