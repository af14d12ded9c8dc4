"""A clean clone of this project, which runs the code of its own commit."""

import os
import sys
from pathlib import Path

from foursplit.config import paths
from foursplit.core import reproducible_env
from foursplit.io import git

OWN_CACHE = "[cache]\n    dir = cache\n"
"""A clone has its own DVC cache, so that it adds nothing to the project's or a team's."""


def clone(folder: Path, commit: str | None = None) -> None:
    """Clone this project's repository to `folder`, at `commit`, by default at HEAD."""
    options = [] if commit is None else ["--no-checkout"]
    arguments = ("clone", "--quiet", "--no-hardlinks", *options, str(paths.root()), str(folder))
    git.check_output(*arguments, folder=paths.root())
    if commit is not None:
        git.check_output("checkout", "--quiet", "--detach", commit, folder=folder)
    config = folder / ".dvc" / "config.local"
    if config.parent.is_dir():
        config.write_text(OWN_CACHE, encoding="utf-8")


def clone_environment(folder: Path) -> dict[str, str]:
    """Return the environment in which a clone's stages use its own code and nothing outside it.

    The user's MLflow server is left out: a long training would log live metrics there.
    """
    shell_path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    overrides = {
        # The clone's code takes precedence over the installed package.
        "PYTHONPATH": str(folder / "src"),
        "PATH": shell_path,
        "FOURSPLIT_ROOT": str(folder),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
        **reproducible_env.QUIET,
    }
    return {**git.environment_without_git(), **overrides}
