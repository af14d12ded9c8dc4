"""Repair lock files that a killed run can leave torn: DVC writes them in place.

A lock file that is not readable is renamed; DVC then restores finished stages from its
run-cache.  A lock file with merge conflict markers stays, for a person to resolve.
"""

import shutil
import subprocess
from pathlib import Path

from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from voluptuous import Invalid

from foursplit.config import paths
from foursplit.core.errors import FoursplitError

CONFLICT_MARKERS = (b"<<<<<<< ", b">>>>>>> ")
"""With which git begins and ends a merge conflict."""


def repair_locks() -> list[str]:
    """Set torn lock files aside; return a line for each."""
    require_no_conflicts()
    messages = []
    for path in _torn_locks():
        _move_to_backup(path)
        messages.append(f"moved aside {_name(path)}: torn")
    return messages


def require_no_conflicts() -> None:
    """Raise if a lock file has merge conflict markers."""
    conflicts = [path for path in _torn_locks() if _has_conflict(path)]
    if conflicts:
        raise FoursplitError(_conflict_message(conflicts))


def _torn_locks() -> list[Path]:
    return [path for path in paths.locks() if path.is_file() and not _is_valid_lock(path)]


def _is_valid_lock(path: Path) -> bool:
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        COMPILED_LOCKFILE_SCHEMA(content)
    except (YAMLError, UnicodeDecodeError, Invalid):
        return False
    return True


def _has_conflict(path: Path) -> bool:
    lines = path.read_bytes().splitlines()
    return all(any(line.startswith(marker) for line in lines) for marker in CONFLICT_MARKERS)


def _conflict_message(lock_files: list[Path]) -> str:
    """Describe how to resolve the merge conflicts of lock files."""
    names = " ".join(map(_name, lock_files))
    unmerged = subprocess.run(
        ["git", "ls-files", "--unmerged", "--", *map(_name, lock_files)],
        cwd=paths.root(),
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    if unmerged:
        remedy = f"`git checkout --ours {names}` (or --theirs)"
    else:  # the markers are in a commit, or git is not merging
        remedy = f"`git checkout COMMIT -- {names}`, with COMMIT one of the two that were merged"
    return (
        f"{names}: has merge conflict markers (<<<<<<< and >>>>>>>). Take either side: {remedy}. "
        "Then `foursplit repro` runs what the merge has changed and restores the rest from the "
        "run-cache; `git add` the files that it wrote."
    )


def _move_to_backup(path: Path) -> None:
    target = paths.state() / "torn" / path.relative_to(paths.root())
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, target)


def _name(path: Path) -> str:
    return str(path.relative_to(paths.root()))
