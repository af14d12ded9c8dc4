"""`foursplit ui`: open MLflow's pages on this machine."""

import os
import sys

import click

from foursplit.cli.commands.track import track
from foursplit.core import reproducible_env
from foursplit.io import local_server
from foursplit.io.local_server import HOST, ServerCommand
from foursplit.tracking import page_server
from foursplit.tracking.runs.run_table import TRAINING, VIEW_TAG, runs_page

PAGE = f"#/experiments?{TRAINING}"
"""All experiments, as pages of model training; without the query MLflow opens those of GenAI."""

SERVER = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # for language models; starts more processes
    "PYTHONWARNINGS": "ignore",  # of MLflow, about its dependencies
}


def ui(port: int, group: str | None = None) -> None:
    """Update MLflow, and serve its pages until Ctrl-C; `group` is the one to open."""
    from foursplit.tracking import migrations, store

    if store.uri().startswith(store.SERVER_SCHEMES):  # it has its own pages
        track()
        click.echo(_message(store.display_uri().rstrip("/"), group))
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
            ready_message=_message(f"http://{HOST}:{port}", group) + "\nCtrl-C ends it.",
        )
    )


def _message(address: str, group: str | None) -> str:
    """Name the pages of the runs of each comparison group, best dev error first, or of one."""
    from foursplit.tracking import store

    client = store.client()
    pages = {
        experiment.name.rpartition("/")[2]: runs_page(experiment.experiment_id)
        for experiment in client.search_experiments()
        if VIEW_TAG in experiment.tags
    }
    if group in pages:
        return f"MLflow: {address}/{pages[group]}"
    lines = [f"  {name}: {address}/{page}" for name, page in sorted(pages.items())]
    return "\n".join([f"MLflow: {address}/{PAGE}", *lines])


def _command(port: int) -> list[str]:
    from foursplit.tracking import store

    folder = store.artifact_folder()
    destination = [] if folder is None else ["--artifacts-destination", folder.as_uri()]
    page = ["--app-name", page_server.APP] if page_server.is_installed() else []
    return [
        *(sys.executable, "-m", "mlflow", "ui", *destination, *page),
        *("--host", HOST, "--port", str(port), "--workers", "1"),
        *("--uvicorn-opts", "--log-level warning"),
    ]
