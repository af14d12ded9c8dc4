"""MLflow's own migrations, in a folder whose path holds a per cent sign."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

PERCENT = "%"


@cache
def reachable() -> None:
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
