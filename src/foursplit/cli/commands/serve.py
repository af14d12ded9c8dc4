"""`foursplit serve`: serve a registered model on this machine with MLflow's protocol."""

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from foursplit.core import reproducible_env
from foursplit.io import local_server
from foursplit.io.local_server import HOST, ServerCommand

if TYPE_CHECKING:
    from foursplit.tracking.registry.registry import StoredVersion

SERVER = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # for copying three small files
    "PYTHONWARNINGS": "ignore",  # of MLflow, about its dependencies
}


def serve(name: str, port: int) -> None:
    """Serve version `name` until Ctrl-C: `c4w2_digits`, `c4w2_digits@challenger`, `c4w2_digits/3`.

    It serves a verified copy, so later changes of the store have no effect.
    """
    from foursplit.tracking.registry import loaded_model, version_files

    local_server.require_free_port(port, f"foursplit serve {name}")
    version = _find_version(name)
    with tempfile.TemporaryDirectory(prefix="foursplit-serve-") as temporary:
        folder = Path(temporary)
        version_files.copy_model(version.folder, version.files, folder)
        for seed in version_files.seeds_by_number(folder).values():
            loaded_model.require_same_code(seed, version.uri, version)
        _serve(version.uri, folder, port)


def _serve(uri: str, folder: Path, port: int) -> None:
    from foursplit.tracking.registry import mlmodel, pyfunc_model, version_files

    if not (folder / mlmodel.NAME).is_file():  # registered before versions had one
        mlmodel.write(folder, version_files.manifest(folder), features=())
    run = pyfunc_model.runtime_config(folder)
    inherited = {
        k: v for k, v in os.environ.items() if k not in reproducible_env.DETERMINING_VARIABLES
    }
    env = {**inherited, **reproducible_env.settings(run.instruction_set, run.threads), **SERVER}
    env[pyfunc_model.SERVED] = str(folder)
    local_server.run(
        ServerCommand(
            name="The model's server",
            command=[
                sys.executable,
                "-m",
                "foursplit.tracking.registry.model_server",
                HOST,
                str(port),
            ],
            env=env,
            port=port,
            folder=folder,
            ready_message=f"{uri}: http://{HOST}:{port}/invocations (stop with Ctrl-C)\n"
            f"Request body: {mlmodel.example_request(folder)}",
        )
    )


def _find_version(name: str) -> "StoredVersion":
    from foursplit.tracking import store_errors
    from foursplit.tracking.registry import registry

    uri = name
    if not name.startswith(registry.SCHEME):
        alias = "" if set("@/") & set(name) else f"@{registry.CHAMPION}"
        uri = f"{registry.SCHEME}{name}{alias}"
    with store_errors.explain_errors():
        return registry.load_version(*registry.parse_uri(uri))
