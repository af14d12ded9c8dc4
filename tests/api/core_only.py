"""Run commands where only what `pip install foursplit` brings can be imported.

Each argument is a command line; the exit codes are written.
"""

import importlib.abc
import importlib.metadata
import re
import shlex
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def brought(names):
    """Return the packages that these bring, directly and indirectly."""
    todo, found = [normal(name) for name in names], set()
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        try:
            listed = map(Requirement, importlib.metadata.requires(name) or [])
        except importlib.metadata.PackageNotFoundError:
            continue  # of another platform
        todo += [normal(r.name) for r in listed if not r.marker or r.marker.evaluate({"extra": ""})]
    return found


class Missing(importlib.abc.MetaPathFinder):
    """Finds nothing of the other packages, as if they were not installed."""

    def __init__(self, allowed):
        self.allowed = allowed
        self.packages = importlib.metadata.packages_distributions()

    def find_spec(self, name, _path=None, _target=None):
        packages = {normal(p) for p in self.packages.get(name.partition(".")[0], ())}
        if packages and not packages & (self.allowed | {"foursplit", "setuptools"}):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if __name__ == "__main__":
    core = tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]
    assert len(core) <= 10, core
    sys.meta_path.insert(0, Missing(brought(core)))
    from click.testing import CliRunner

    from foursplit.cli.main import main

    for words in sys.argv[1:]:
        result = CliRunner().invoke(main, shlex.split(words))
        sys.stdout.write(f"{result.exit_code} {result.output if result.exit_code else ''}\n")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
