"""`foursplit ui`: open MLflow's pages on this machine."""

import os
import sys

import click

from foursplit.cli.commands.track import track
from foursplit.core import reproducible_env
from foursplit.io import local_server
from foursplit.io.local_server import HOST, ServerCommand

PAGE = "#/experiments"

HINT = """The first time, choose "Model training" at the top left; MLflow starts with GenAI."""
"""MLflow has neither an address nor a setting for it; the browser remembers the choice."""

SERVER = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # for language models; starts more processes
    "PYTHONWARNINGS": "ignore",  # of MLflow, about its dependencies
}


def ui(port: int) -> None:
    """Update MLflow, and serve its pages until Ctrl-C."""
    from foursplit.tracking import migrations, store

    if store.uri().startswith(store.SERVER_SCHEMES):  # it has its own pages
        track()
        click.echo(f"MLflow: {store.display_uri().rstrip('/')}/{PAGE}\n{HINT}")
        return
    migrations.require_plain_path()
    local_server.require_free_port(port, "foursplit ui")
    track()
    # A store address may contain a password, and process arguments are public.
    stores = {"MLFLOW_BACKEND_STORE_URI": store.uri(), "MLFLOW_REGISTRY_STORE_URI": store.uri()}
    local_server.run(
        ServerCommand(
            name="MLflow's server",
            command=_command(port),
            env={**os.environ, **reproducible_env.QUIET, **SERVER, **stores},
            port=port,
            ready_message=f"MLflow: http://{HOST}:{port}/{PAGE} (Ctrl-C ends it)\n{HINT}",
        )
    )


def _command(port: int) -> list[str]:
    from foursplit.tracking import store

    folder = store.artifact_folder()
    destination = [] if folder is None else ["--artifacts-destination", folder.as_uri()]
    return [
        *(sys.executable, "-m", "mlflow", "ui", *destination),
        *("--host", HOST, "--port", str(port), "--workers", "1"),
        *("--uvicorn-opts", "--log-level warning"),
    ]
