"""MLflow's own migrations, in a folder whose path has a percent sign."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from foursplit.core.errors import FoursplitError

PERCENT = "%"


@cache
def link_migrations() -> None:
    """Make alembic find the migrations by a link, whose path has no percent sign.

    Alembic's configuration interpolates names after the sign.  MLflow escapes it in the database's
    address, but not in the path of its installation.
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
    """Raise if MLflow's server, a separate program, is installed below such a path."""
    from importlib.util import find_spec

    spec = find_spec("mlflow")
    origin = str(spec.origin) if spec else ""
    if PERCENT in origin:
        raise FoursplitError(
            f"{Path(origin).parent}: MLflow's server cannot start from a path with a {PERCENT} in "
            "it. Rename the folder, or create the environment elsewhere: make VENV=FOLDER ui"
        )
