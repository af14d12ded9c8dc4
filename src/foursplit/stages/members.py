"""Stage members: which experiments each comparison group has.

The stage select depends on its own group's list, so that one more experiment selects again in its
group alone.
"""

import json
from pathlib import Path

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.schema import Params
from foursplit.io import artifacts


def run() -> str:
    """Write `data/members/<group>.json` for every comparison group."""
    params = load()
    names = groups(params)
    with artifacts.atomic_directory(folder()) as output:
        for group in names:
            artifacts.write_text(output / file(group).name, _text(params, group))
    return f"{len(names)} comparison groups"


def folder() -> Path:
    """Return the folder of the lists, of both pipelines."""
    return paths.data() / "members"


def file(group: str) -> Path:
    """Return the file with the experiments of a comparison group."""
    return folder() / f"{group}.json"


def groups(params: Params) -> list[str]:
    """List the comparison groups of all courses, of both pipelines."""
    sections = params.sections().values()
    return [name for section in sections for block in section.groups.values() for name in block]


def read(group: str) -> list[str]:
    """Read the experiments of a group, in the order of the alphabet."""
    members: list[str] = artifacts.read_json(file(group))
    return members


def is_list(path: Path) -> bool:
    """Return whether a path is that of a list that the stage writes."""
    return path.parent == folder()


def text(path: Path) -> str:
    """Return what the stage would write now; empty for a group that is gone."""
    params = load()
    return _text(params, path.stem) if path.stem in groups(params) else ""


def _text(params: Params, group: str) -> str:
    return json.dumps(params.members(group), indent=1) + "\n"
