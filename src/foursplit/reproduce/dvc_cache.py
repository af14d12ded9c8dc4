"""What this project's DVC cache still holds of a commit's outputs."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foursplit.history.past_runs import cache_folder, object_file
from foursplit.io import artifacts

FOLDER_SUFFIX = ".dir"
"""How the hash of a folder ends: its object is the list of its files."""


def output_hash(stage: Mapping[str, Any] | None, path: str) -> str | None:
    """Give the hash under which a lock file's entry knows an output; None where it knows none."""
    for one in (stage or {}).get("outs") or ():
        if one.get("path") == path:
            found: str | None = one.get("md5")
            return found
    return None


def cached_files(version: str | None) -> dict[str, Path] | None:
    """Give a folder's files by their path in it; None where the cache lacks one of them."""
    if version is None or not version.endswith(FOLDER_SUFFIX):
        return None
    cache = cache_folder()
    try:
        listed = json.loads(object_file(cache, version).read_text(encoding="utf-8"))
        found = {one["relpath"]: object_file(cache, one["md5"]) for one in listed}
    except (OSError, ValueError, KeyError, TypeError):  # not there, or torn
        return None
    return found if all(path.is_file() for path in found.values()) else None


def restore_folder(version: str | None, target: Path) -> bool:
    """Copy a folder out of the cache; tell whether it was there and whole, to the byte."""
    found = cached_files(version)
    if found is None or any(_md5(path) != path.parent.name + path.name for path in found.values()):
        return False
    with artifacts.replacing_folder(target) as part:
        for name, path in found.items():
            to = part / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
    return True


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, _hasher).hexdigest()


def _hasher() -> Any:
    return hashlib.md5(usedforsecurity=False)  # DVC's choice: it names contents, and guards nothing
