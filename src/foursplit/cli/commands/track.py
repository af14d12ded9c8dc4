"""`foursplit track`: write the outputs of the stages to MLflow."""

import click

from foursplit.config.load import load
from foursplit.config.pipelines import FULL
from foursplit.evaluation.results import collect


def track() -> None:
    """Write the runs that are missing in MLflow."""
    from foursplit.tracking import store_errors
    from foursplit.tracking.runs import sync

    params = load()
    with store_errors.explain_errors():
        counts = sync.sync_runs(params, [*collect(params), *collect(params.of(FULL))], click.echo)
    click.echo(f"MLflow: {counts.new} new runs, {counts.kept} unchanged")
