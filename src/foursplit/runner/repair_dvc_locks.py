"""Put right what a killed run can leave torn: DVC writes its own lock files in place.

A lock file that cannot be read is set aside; DVC then takes finished stages from its run-cache.
One with the marks of a merge is for a person to solve, and stays.
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
"""With which git begins and ends what it could not merge."""


def repair_locks() -> list[str]:
    """Mend what is torn; return what was done, a line each."""
    require_no_conflicts()
    done = []
    for path in _torn_locks():
        _set_aside(path)
        done.append(f"set aside {_name(path)}: torn")
    return done


def require_no_conflicts() -> None:
    """Refuse lock files in which git has marked a merge conflict."""
    merging = [path for path in _torn_locks() if _has_conflict(path)]
    if merging:
        raise FoursplitError(_conflict_message(merging))


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
    return all(any(line.startswith(mark) for line in lines) for mark in CONFLICT_MARKERS)


def _conflict_message(merging: list[Path]) -> str:
    """Say what is to be done about lock files with a merge conflict."""
    names = " ".join(map(_name, merging))
    unsolved = subprocess.run(
        ["git", "ls-files", "--unmerged", "--", *map(_name, merging)],
        cwd=paths.root(), capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    if unsolved:
        way = f"`git checkout --ours {names}` (or --theirs)"
    else:  # the marks are in a commit, or git is not in the middle of a merge
        way = f"`git checkout COMMIT -- {names}`, with COMMIT one of the two that were merged"
    return (
        f"{names}: a merge conflict, which git has marked with <<<<<<< and >>>>>>>. Take one side, "
        f"whichever it is: {way}. Then `foursplit repro` runs what the merge has changed and "
        "takes the rest from the run-cache; `git add` what it wrote."
    )


def _set_aside(path: Path) -> None:
    place = paths.state() / "torn" / path.relative_to(paths.root())
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, place)


def _name(path: Path) -> str:
    return str(path.relative_to(paths.root()))
