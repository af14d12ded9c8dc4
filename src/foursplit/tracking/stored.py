"""The files of a registered version: which there may be, and whether they are those stored."""

import re
from collections.abc import Mapping
from pathlib import Path

from foursplit.core import artifacts
from foursplit.core.errors import Refusal

WEIGHTS = ("model.safetensors", "model.skops")

TABLES = ("dev.parquet", "test.parquet")

ALLOWED = re.compile(
    rf"seed_\d+/({'|'.join(map(re.escape, ('manifest.json', *WEIGHTS, *TABLES)))})"
)

CODE = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle", ".pt", ".pth", ".bin"})
"""Suffixes of formats that run code when they are read."""


def digests(folder: Path) -> dict[str, str]:
    """Give the sha256 of each file below `folder`, by its path there; links are refused."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise Refusal(f"{path}: a link, which may lead out of the store; refused")
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            _require_allowed(name, path)
            found[name] = artifacts.sha256_file(path)
    return found


def _require_allowed(name: str, path: Path) -> None:
    if path.suffix in CODE:
        raise Refusal(f"{path}: a pickle or its like, which runs code when it is read; refused")
    if not ALLOWED.fullmatch(name):
        valid = ", ".join(f"seed_<n>/{each}" for each in ("manifest.json", *WEIGHTS, *TABLES))
        raise Refusal(f"{path}: does not belong to a stored version; refused. Valid: {valid}")


def require(folder: Path, expected: Mapping[str, str]) -> None:
    """Refuse a folder whose files are not byte for byte those that were stored."""
    if not folder.is_dir():
        raise Refusal(f"{folder}: no such folder: the files of this version are gone")
    found = digests(folder)
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            raise Refusal(f"{folder / name}: is gone since this version was stored")
        if name not in expected:
            raise Refusal(f"{folder / name}: was not there when this version was stored")
        if found[name] != expected[name]:
            raise Refusal(
                f"{folder / name}: altered since this version was stored: its sha256 is "
                f"{found[name][:12]}…, not {expected[name][:12]}…; refused"
            )
