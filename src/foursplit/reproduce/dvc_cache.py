"""Outputs of a commit in this project's DVC cache."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foursplit.history.past_runs import cache_folder, object_file
from foursplit.io import artifacts

FOLDER_SUFFIX = ".dir"
"""Suffix of a folder's hash; the object is the list of its files."""


def output_hash(stage: Mapping[str, Any] | None, path: str) -> str | None:
    """Return the hash of an output in a lock entry; None if it has none."""
    for out in (stage or {}).get("outs") or ():
        if out.get("path") == path:
            md5: str | None = out.get("md5")
            return md5
    return None


def cached_files(version: str | None) -> dict[str, Path] | None:
    """Return a folder's files by relative path; None if the cache lacks one."""
    if version is None or not version.endswith(FOLDER_SUFFIX):
        return None
    cache = cache_folder()
    try:
        entries = json.loads(object_file(cache, version).read_text(encoding="utf-8"))
        paths = {entry["relpath"]: object_file(cache, entry["md5"]) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):  # missing, or torn
        return None
    return paths if all(path.is_file() for path in paths.values()) else None


def restore_folder(version: str | None, target: Path) -> bool:
    """Copy a folder from the cache; return whether it was complete and undamaged."""
    paths = cached_files(version)
    if paths is None or any(_md5(path) != path.parent.name + path.name for path in paths.values()):
        return False
    with artifacts.atomic_directory(target) as folder:
        for name, path in paths.items():
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    return True


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, _hasher).hexdigest()


def _hasher() -> Any:
    return hashlib.md5(usedforsecurity=False)  # DVC's choice: an identifier, not a protection
