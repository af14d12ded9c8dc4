"""Open MLflow's page on this machine."""

import os
import sys

import click

from foursplit.cli.commands.track import track
from foursplit.core import reproducible_env
from foursplit.io import local_server
from foursplit.io.local_server import HOST, Server

PAGE = "#/experiments"

HINT = """The first time, choose "Model training" at its top left: MLflow takes us for chatbots."""
"""No address says it for all pages, and MLflow has no setting for it; the browser remembers it."""

SERVER = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # for language models; more processes
    "PYTHONWARNINGS": "ignore",  # of MLflow about the libraries it uses
}


def ui(port: int) -> None:
    """Write the runs that MLflow lacks, and serve its page until Ctrl-C."""
    from foursplit.tracking import migrations, store

    if store.uri().startswith(store.SERVER_SCHEMES):  # which has a page of its own
        track()
        click.echo(f"MLflow: {store.display_uri().rstrip('/')}/{PAGE}\n{HINT}")
        return
    migrations.require_plain_path()
    local_server.require_free(port, "foursplit ui")
    track()
    # A store's name may hold a password, and whoever lists processes sees their arguments.
    stores = {"MLFLOW_BACKEND_STORE_URI": store.uri(), "MLFLOW_REGISTRY_STORE_URI": store.uri()}
    local_server.run(
        Server(
            name="MLflow's server",
            command=_command(port),
            env={**os.environ, **reproducible_env.QUIET, **SERVER, **stores},
            port=port,
            ready=f"MLflow: http://{HOST}:{port}/{PAGE} (Ctrl-C ends it)\n{HINT}",
        )
    )


def _command(port: int) -> list[str]:
    from foursplit.tracking import store

    folder = store.artifact_folder()
    served = [] if folder is None else ["--artifacts-destination", folder.as_uri()]
    return [
        *(sys.executable, "-m", "mlflow", "ui", *served),
        *("--host", HOST, "--port", str(port), "--workers", "1"),
        *("--uvicorn-opts", "--log-level warning"),
    ]
