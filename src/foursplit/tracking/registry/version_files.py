"""The files of a registered version: which there may be, and whether they are those stored."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.tracking.registry import mlmodel

WEIGHTS = ("model.safetensors", "model.skops")

TABLES = ("dev.parquet", "test.parquet")

ALLOWED = re.compile(
    rf"{mlmodel.NAME}|seed_\d+/({'|'.join(map(re.escape, ('manifest.json', *WEIGHTS, *TABLES)))})"
)

MLFLOW_META = "registered_model_meta"
"""What MLflow leaves in the store itself whenever it loads a version from there: two names."""

EXECUTABLE_SUFFIXES = frozenset(
    {".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle", ".pt", ".pth", ".bin"}
)
"""Suffixes of formats that run code when they are read."""


def digests(folder: Path) -> dict[str, str]:
    """Give the sha256 of each file below `folder`, by its path there; links are refused."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise FoursplitError(f"{path}: a link, which may lead out of the store; refused")
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MLFLOW_META:
            _require_allowed(name, path)
            found[name] = artifacts.sha256_file(path)
    return found


def _require_allowed(name: str, path: Path) -> None:
    if path.suffix in EXECUTABLE_SUFFIXES:
        raise FoursplitError(
            f"{path}: a pickle or its like, which runs code when it is read; refused"
        )
    if not ALLOWED.fullmatch(name):
        valid = [f"seed_<n>/{each}" for each in ("manifest.json", *WEIGHTS, *TABLES)]
        raise FoursplitError(
            f"{path}: does not belong to a stored version; refused. Valid: "
            f"{', '.join([mlmodel.NAME, *valid])}"
        )
    if name == mlmodel.NAME:
        mlmodel.require_own(path)


def require_unchanged(folder: Path, expected: Mapping[str, str]) -> None:
    """Refuse a folder whose files are not byte for byte those that were stored."""
    if not folder.is_dir():
        raise FoursplitError(f"{folder}: no such folder: the files of this version are gone")
    found = digests(folder)
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            raise FoursplitError(f"{folder / name}: is gone since this version was stored")
        if name not in expected:
            raise FoursplitError(f"{folder / name}: was not there when this version was stored")
        if found[name] != expected[name]:
            raise _altered_error(folder / name, found[name], expected[name])


def _altered_error(path: Path, found: str, expected: str) -> FoursplitError:
    return FoursplitError(
        f"{path}: altered since this version was stored: its sha256 is {found[:12]}…, not "
        f"{expected[:12]}…; refused"
    )


def copy_model(folder: Path, expected: Mapping[str, str], to: Path) -> None:
    """Copy what answers, so not the tables; the copy must be what was stored."""
    for name in expected:
        if Path(name).name not in TABLES:
            copied = to / name
            copied.parent.mkdir(exist_ok=True)
            shutil.copyfile(folder / name, copied)
            found = artifacts.sha256_file(copied)
            if found != expected[name]:
                raise _altered_error(folder / name, found, expected[name])


def seeds_by_number(folder: Path) -> dict[int, Path]:
    """Give the folders of a version's seeds by number, the lowest first."""
    named = [path for path in folder.glob("seed_*") if re.fullmatch(r"seed_\d+", path.name)]
    return dict(sorted((int(path.name.removeprefix("seed_")), path) for path in named))


def manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a version's first seed, the one that answers."""
    found = seeds_by_number(folder)
    if not found:
        raise FoursplitError(f"{folder}: no seed_<n> folder in it, so no model")
    told: dict[str, Any] = artifacts.read_json(next(iter(found.values())) / "manifest.json")
    return told
