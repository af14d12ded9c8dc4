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

    folder = utils._get_package_dir()
    if PERCENT not in folder:
        return
    place = Path(tempfile.mkdtemp(prefix="foursplit-mlflow-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    link = place / "mlflow"
    link.symlink_to(folder)
    utils._get_package_dir = lambda: str(link)


def require_plain_path() -> None:
    """Refuse to start MLflow's server, a program of its own, from a path with such a sign."""
    from importlib.util import find_spec

    found = find_spec("mlflow")
    place = str(found.origin) if found else ""
    if PERCENT in place:
        raise FoursplitError(
            f"{Path(place).parent}: MLflow's server cannot start from a path with a {PERCENT} in "
            "it. Rename the folder, or have the environment elsewhere: make VENV=FOLDER ui"
        )
