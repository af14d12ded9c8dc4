"""The files of a registered version: which are allowed, and whether they are unchanged."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.tracking.registry import mlmodel

WEIGHTS = ("model.safetensors", "model.skops")

MODEL = ("manifest.json", *WEIGHTS, "preprocess.skops")
"""Files that a seed's predictions come from."""

TABLES = ("dev.parquet", "test.parquet")

ALLOWED = re.compile(rf"{mlmodel.NAME}|seed_\d+/({'|'.join(map(re.escape, (*MODEL, *TABLES)))})")

MLFLOW_META = "registered_model_meta"
"""A file that MLflow writes to the store whenever it loads a version: it has two names."""

EXECUTABLE_SUFFIXES = frozenset(
    {".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle", ".pt", ".pth", ".bin"}
)
"""Suffixes of formats that run code when they are read."""


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file below `folder` by relative path; raise for links."""
    hashes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise FoursplitError(f"{path}: refused: a link may point outside of the store")
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MLFLOW_META:
            _require_allowed(name, path)
            hashes[name] = artifacts.sha256_file(path)
    return hashes


def _require_allowed(name: str, path: Path) -> None:
    if path.suffix in EXECUTABLE_SUFFIXES:
        raise FoursplitError(
            f"{path}: refused: a pickle or a similar format runs code when it is read"
        )
    if not ALLOWED.fullmatch(name):
        valid = [f"seed_<n>/{each}" for each in (*MODEL, *TABLES)]
        raise FoursplitError(
            f"{path}: refused: does not belong to a stored version. Valid: "
            f"{', '.join([mlmodel.NAME, *valid])}"
        )
    if name == mlmodel.NAME:
        mlmodel.require_own(path)


def require_unchanged(folder: Path, expected: Mapping[str, str]) -> None:
    """Raise if a folder's files differ from those that were stored."""
    if not folder.is_dir():
        raise FoursplitError(f"{folder}: no such folder: the files of this version are missing")
    actual = digests(folder)
    for name in sorted(expected.keys() | actual.keys()):
        if name not in actual:
            raise FoursplitError(
                f"{folder / name}: missing: it was deleted after this version was stored"
            )
        if name not in expected:
            raise FoursplitError(
                f"{folder / name}: unexpected: it was added after this version was stored"
            )
        if actual[name] != expected[name]:
            raise _altered_error(folder / name, actual[name], expected[name])


def _altered_error(path: Path, actual: str, expected: str) -> FoursplitError:
    return FoursplitError(
        f"{path}: altered after this version was stored: its sha256 is {actual[:12]}…, not "
        f"{expected[:12]}…"
    )


def copy_model(folder: Path, expected: Mapping[str, str], target: Path) -> None:
    """Copy a version without its tables, and verify the copy."""
    for name in expected:
        if Path(name).name not in TABLES:
            copy = target / name
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(folder / name, copy)
            actual = artifacts.sha256_file(copy)
            if actual != expected[name]:
                raise _altered_error(folder / name, actual, expected[name])


def seeds_by_number(folder: Path) -> dict[int, Path]:
    """Return the folders of a version's seeds by number, in ascending order."""
    folders = [path for path in folder.glob("seed_*") if re.fullmatch(r"seed_\d+", path.name)]
    return dict(sorted((int(path.name.removeprefix("seed_")), path) for path in folders))


def manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a version's first seed, which predicts."""
    folders = seeds_by_number(folder)
    if not folders:
        raise FoursplitError(f"{folder}: no seed_<n> folder in it, so no model")
    content: dict[str, Any] = artifacts.read_json(next(iter(folders.values())) / "manifest.json")
    return content
