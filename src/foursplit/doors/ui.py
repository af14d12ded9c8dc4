"""Open MLflow's page on this machine."""

import os
import sys

import click

from foursplit.core import environment
from foursplit.doors import local_server
from foursplit.doors.local_server import HOST, Server
from foursplit.doors.track import track

PAGE = "#/experiments?workflowType=machine_learning"  # not the one about language models

SERVER = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # for language models; more processes
    "PYTHONWARNINGS": "ignore",  # of MLflow about the libraries it uses
}


def ui(port: int) -> None:
    """Write the runs that MLflow lacks, and serve its page until Ctrl-C."""
    from foursplit.tracking import store

    if store.uri().startswith(store.SERVER):  # which has a page of its own
        track()
        click.echo(f"MLflow: {store.shown().rstrip('/')}/{PAGE}")
        return
    local_server.require_free(port, "foursplit ui")
    track()
    # A store's name may hold a password, and whoever lists processes sees their arguments.
    stores = {"MLFLOW_BACKEND_STORE_URI": store.uri(), "MLFLOW_REGISTRY_STORE_URI": store.uri()}
    local_server.run(
        Server(
            name="MLflow's server",
            command=_command(port),
            env={**os.environ, **environment.QUIET, **SERVER, **stores},
            port=port,
            ready=f"MLflow: http://{HOST}:{port}/{PAGE} (Ctrl-C ends it)",
        )
    )


def _command(port: int) -> list[str]:
    from foursplit.tracking import store

    folder = store.artifacts()
    served = [] if folder is None else ["--artifacts-destination", folder.as_uri()]
    return [
        *(sys.executable, "-m", "mlflow", "ui", *served),
        *("--host", HOST, "--port", str(port), "--workers", "1"),
        *("--uvicorn-opts", "--log-level warning"),
    ]
