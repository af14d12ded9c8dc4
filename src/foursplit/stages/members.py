"""Stage members: which experiments each comparison group has.

The stage select depends on its own group's list, so that one more experiment selects again in its
group alone.
"""

import json
from pathlib import Path

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.io import artifacts

INDENT = 1  # as `artifacts.write_json`


def run() -> str:
    """Write `data/members/<group>.json` for every comparison group."""
    params = load()
    with artifacts.atomic_directory(paths.members_folder()) as folder:
        for group in params.group_names():
            artifacts.write_text(folder / f"{group}.json", _text(params.members(group)))
    return f"{len(params.group_names())} comparison groups"


def read(group: str) -> list[str]:
    """Read the experiments of a group, in the order of the alphabet."""
    members: list[str] = artifacts.read_json(paths.members(group))
    return members


def is_list(path: Path) -> bool:
    """Return whether a path is that of a list that the stage writes."""
    return path.parent == paths.members_folder()


def text(path: Path) -> str:
    """Return what the stage would write now; empty for a group that is gone."""
    params = load()
    return _text(params.members(path.stem)) if path.stem in params.group_names() else ""


def _text(members: list[str]) -> str:
    return json.dumps(members, indent=INDENT) + "\n"
