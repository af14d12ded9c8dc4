"""The one place that finds data sets, models, tasks, metrics and lessons by name.

A name in params.yaml is the name of a file.  It is searched in the project's own package
(`[tool.foursplit] package` in pyproject.toml), then in the installed packages that register under
the entry point group `foursplit.plugins`, then in the framework itself.  Files whose names begin
with an underscore are helpers and have no name of their own.
"""

import importlib
import importlib.util
import sys
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args

from foursplit.core import project
from foursplit.core.errors import FoursplitError, unknown_name

Kind = Literal["datasets", "models", "tasks", "metrics", "lessons"]

SINGULAR = {
    "datasets": "data set", "models": "model", "tasks": "task", "metrics": "task",
    "lessons": "lesson",
}  # fmt: skip

ENTRY_POINTS = "foursplit.plugins"

FRAMEWORK = "foursplit"

OF_FRAMEWORK = {"metrics": "evaluation.metrics"}
"""Folders of the framework that are not named after their kind."""


def dataset(name: str) -> ModuleType:
    """Load the file of a data set; it has SPEC, read() and suite()."""
    return load("datasets", name)


def model(name: str) -> ModuleType:
    """Load the file of a model; it has Args and Model."""
    return load("models", name)


def task(name: str) -> ModuleType:
    """Load the file of a task: its LightningModule.  Imports torch, which takes seconds."""
    return load("tasks", name)


def metrics(name: str) -> Any:
    """Load the metrics of a task; it has METRICS, postprocess(), score_columns(), baseline()."""
    return load("metrics", name)


def lesson(name: str) -> ModuleType:
    """Load the file of a lesson; it has Args and run()."""
    return load("lessons", name)


def load(kind: Kind, name: str) -> ModuleType:
    """Import the file called `name`; raise FoursplitError with the valid names if there is none."""
    return importlib.import_module(module_name(kind, name))


def module_name(kind: Kind, name: str) -> str:
    """Return the dotted name of the file called `name`, without importing it."""
    for package in packages():
        if (_folder(package, kind) / f"{name}.py").is_file() and not name.startswith("_"):
            return f"{_dotted(package, kind)}.{name}"
    raise unknown_name(SINGULAR[kind], name, names(kind))


def file(kind: Kind, name: str) -> Path:
    """Return the path of the file called `name`."""
    package, _, _ = module_name(kind, name).partition(".")
    return _folder(package, kind) / f"{name}.py"


def names(kind: Kind) -> list[str]:
    """Return the names of all files of a kind, in the order of the alphabet."""
    files = (path for package in packages() for path in _folder(package, kind).glob("[a-z]*.py"))
    return sorted({path.stem for path in files})


def kinds() -> tuple[Kind, ...]:
    """Return the kinds of files that have names."""
    return get_args(Kind)


def resources(path: str) -> list[Path]:
    """Return the files at this path below the packages that have one, in the order of search."""
    found = (package_folder(package) / path for package in packages())
    return [file for file in found if file.is_file()]


def own_package() -> str | None:
    """Return the name of the project's own package, where `foursplit new` writes files."""
    try:
        root = project.root()
    except FoursplitError:  # outside of a project: what is installed, and the framework
        return None
    return _own_package(root)


def own_folder(kind: Kind) -> Path:
    """Return the folder of the project's own files of a kind; FoursplitError if it has none."""
    package = own_package()
    if package is None:
        raise FoursplitError(
            f"{project.root() / 'pyproject.toml'}: names no package for the project's own {kind}. "
            'Add:\n[tool.foursplit]\npackage = "NAME"\nand make the folder NAME.'
        )
    return _folder(package, kind)


def packages() -> tuple[str, ...]:
    """Return the packages that are searched, in that order."""
    own = own_package()
    return tuple(dict.fromkeys([*([own] if own else []), *_installed(), FRAMEWORK]))


def folders() -> dict[str, Path]:
    """Return the folders of the packages that are searched."""
    return {package: package_folder(package) for package in packages()}


def package_folder(package: str) -> Path:
    """Return the folder of a package, without importing it."""
    if package == own_package():
        found = [path for path in _own_places(project.root(), package) if path.is_dir()]
        if found:
            return found[0]
    return _installed_folder(package)


@cache
def _installed_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FoursplitError(
            f"package {package!r}: not found. Install it into {sys.prefix}, or correct "
            "[tool.foursplit] package in pyproject.toml."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _own_places(root: Path, package: str) -> tuple[Path, Path]:
    return root / "src" / package, root / package


@cache
def _own_package(root: Path) -> str | None:
    package = project.settings(root).get("package")
    if package is None:
        return None
    if not isinstance(package, str) or not package.isidentifier():
        raise FoursplitError(
            f"{root / 'pyproject.toml'}: tool.foursplit.package: {package!r} must be the name of a "
            "Python package"
        )
    for folder in _own_places(root, package):
        if folder.is_dir() and importlib.util.find_spec(package) is None:
            sys.path.append(str(folder.parent))
    return package


@cache
def _installed() -> tuple[str, ...]:
    return tuple(sorted(point.value for point in entry_points(group=ENTRY_POINTS)))


def _folder(package: str, kind: Kind) -> Path:
    return package_folder(package).joinpath(*_dotted(package, kind).split(".")[1:])


def _dotted(package: str, kind: Kind) -> str:
    return f"{package}.{OF_FRAMEWORK.get(kind, kind) if package == FRAMEWORK else kind}"
