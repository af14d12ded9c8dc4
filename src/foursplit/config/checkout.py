"""The check of every command: the code that runs is the code of the project it runs in.

A git worktree, a copy that brought its `.venv` along, or a package installed from another folder
would run other code than the project's stages name as dependencies, and lock what they wrote.
"""

from pathlib import Path

from foursplit.config import paths
from foursplit.core.errors import FoursplitError

PACKAGE = Path(__file__).resolve().parent.parent
"""The folder of the code that runs."""


def require_own_code() -> None:
    """Refuse to run another folder's code in a project that has code of its own.

    A project without `src/foursplit` uses a package that is installed, wherever that lies.
    """
    try:
        root = paths.root()
    except FoursplitError:
        return  # in no project: a command that needs one says so itself
    own = root / "src" / "foursplit"
    if not (own / "__init__.py").is_file() or own.resolve() == PACKAGE:
        return
    raise FoursplitError(
        f"{root} has code of its own in src/foursplit, but this command runs that of {PACKAGE}. "
        f"{_way_out(root)}{_other(PACKAGE)}"
    )


def _way_out(root: Path) -> str:
    make = "make .venv/ready"
    if (root / ".venv").exists():  # of the project it was copied from, with that one's paths
        make = f"make clean && {make}"
    if not (root / "Makefile").is_file():
        return f"Install this project's own: pip install -e {root}"
    return (
        f"In {root}, `{make}` installs its own, to be called as .venv/bin/foursplit "
        "(or, in an environment that is for this project alone, `pip install -e .`)"
    )


def _other(package: Path) -> str:
    """Return the project that the running code belongs to, if it lies in one."""
    other = package.parent.parent
    if package.parent.name == "src" and (other / "params.yaml").is_file():
        return f"; to run the project in {other}, change into it"
    return ""
