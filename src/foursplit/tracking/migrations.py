"""MLflow's own migrations, in a folder whose path holds a per cent sign."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from foursplit.core.errors import FoursplitError

PERCENT = "%"


@cache
def link_migrations() -> None:
    """Let alembic find the migrations by a path without a per cent sign: a link.

    Alembic's configuration takes the sign for the begin of a name.  MLflow doubles it in a
    database's address, and forgets to in the path of the folder that it is installed in.
    """
    from mlflow.store.db import utils

    package_folder = utils._get_package_dir()
    if PERCENT not in package_folder:
        return
    folder = Path(tempfile.mkdtemp(prefix="foursplit-mlflow-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    link = folder / "mlflow"
    link.symlink_to(package_folder)
    utils._get_package_dir = lambda: str(link)


def require_plain_path() -> None:
    """Reject to start MLflow's server, a program of its own, from a path with such a sign."""
    from importlib.util import find_spec

    spec = find_spec("mlflow")
    origin = str(spec.origin) if spec else ""
    if PERCENT in origin:
        raise FoursplitError(
            f"{Path(origin).parent}: MLflow's server cannot start from a path with a {PERCENT} in "
            "it. Rename the folder, or have the environment elsewhere: make VENV=FOLDER ui"
        )
