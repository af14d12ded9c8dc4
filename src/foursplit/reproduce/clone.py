"""A clean clone of this project, in which the code of its own commit runs."""

import os
import sys
from pathlib import Path

from foursplit.config import paths
from foursplit.core import reproducible_env
from foursplit.io import git

OWN_CACHE = "[cache]\n    dir = cache\n"
"""What is made again in a clone is never put among what this project, or a team, has kept."""


def clone(folder: Path, commit: str | None = None) -> None:
    """Clone this project's repository to `folder`, at `commit` or else at what is checked out."""
    whole = [] if commit is None else ["--no-checkout"]
    words = ("clone", "--quiet", "--no-hardlinks", *whole, str(paths.root()), str(folder))
    git.require(*words, folder=paths.root())
    if commit is not None:
        git.require("checkout", "--quiet", "--detach", commit, folder=folder)
    config = folder / ".dvc" / "config.local"
    if config.parent.is_dir():
        config.write_text(OWN_CACHE, encoding="utf-8")


def clone_environment(folder: Path) -> dict[str, str]:
    """Give the environment in which a clone's stages find its own code and reach nothing of ours.

    The user's MLflow server is left out: a long training would follow itself live there.
    """
    shell_path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    own = {
        # The clone's code, though the package is installed from elsewhere.
        "PYTHONPATH": str(folder / "src"),
        "PATH": shell_path,
        "FOURSPLIT_ROOT": str(folder),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
        **reproducible_env.QUIET,
    }
    return {**git.without_hook(), **own}
