"""Check all that lies here against the hashes that name it: outputs, and DVC's cache."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from foursplit.core import paths
from foursplit.core.errors import Refusal
from foursplit.doors.heal import heal
from foursplit.evaluation.past import cache_folder, object_file
from foursplit.schedule import dvc_check
from foursplit.schedule.dvc_check import Kept
from foursplit.schedule.dvc_graph import failures

OBJECT = re.compile(r"[0-9a-f]{30}(\.dir)?")
"""The name of a file in DVC's cache, below a folder of two more digits; others are unfinished."""


@dataclass(slots=True)
class Found:
    """What is not as it should be, and what mends it."""

    lines: list[str] = field(default_factory=list)
    remove: list[Path] = field(default_factory=list)
    run: list[str] = field(default_factory=list)  # stages
    own: list[str] = field(default_factory=list)  # nobody but their owner has another copy


def here() -> None:
    """Read every output and every object of the cache; refuse in the end if one is damaged."""
    try:
        kept = dvc_check.outputs(paths.root())
    except failures() as error:
        torn = heal()
        raise Refusal("; ".join(torn) or f"DVC: {error}") from error
    found, missing = Found(), [one for one in kept if not one.path.exists()]
    present = [one for one in kept if one.path.exists()]
    for one in present:
        _output(one, found)
    objects = _objects(_named(kept), found)
    click.echo(f"{len(present)} outputs and {objects} objects of DVC's cache were read.")
    if missing:
        click.echo(f"{len(missing)} outputs that a lock names are not here; foursplit repro.")
    if found.lines:
        raise Refusal(_words(found))


def _output(one: Kept, found: Found) -> None:
    differing = dvc_check.differing(one.out)
    if not differing:
        return
    name = _name(one.path)
    found.lines.append(f"{name}: not what {one.stage} wrote: {', '.join(differing)}")
    if one.is_run:
        found.remove.append(one.path)
        found.run.append(one.stage)
    else:
        found.own.append(
            f"{name} was added with `dvc add`: if the change is yours, `dvc commit {name}` records "
            f"it; if not, bring it back from a copy of your own."
        )


def _named(kept: list[Kept]) -> dict[str, Kept]:
    """Give the output that names an object, of whatever its folder lists too."""
    cache, named = cache_folder(), {}
    for one in kept:
        value = one.out.hash_info.value
        named[value] = one
        if value.endswith(dvc_check.FOLDER):
            files = dvc_check.listed(object_file(cache, value), value) or {}
            named |= dict.fromkeys(files.values(), one)
    return named


def _objects(named: dict[str, Kept], found: Found) -> int:
    """Read the cache's objects; give their number."""
    count = 0
    for path in _cached():
        count += 1
        name = path.parent.name + path.name
        if dvc_check.is_whole(path, name):
            continue
        found.remove.append(path)
        _object(path, named.get(name), found)
    return count


def _object(path: Path, one: Kept | None, found: Found) -> None:
    part = f"it belongs to {_name(one.path)}" if one else "no lock file here names it"
    found.lines.append(f"{_name(path)}: damaged; {part}")
    if one and one.is_run:
        found.run.append(one.stage)
    elif one:
        name = _name(one.path)
        found.own.append(f"Then `dvc add {name}` makes another copy, if {name} itself is right.")


def _cached() -> Iterator[Path]:
    for folder in sorted((cache_folder() / "files" / "md5").glob("[0-9a-f][0-9a-f]")):
        for path in sorted(folder.iterdir()):
            if OBJECT.fullmatch(path.name) and path.is_file():
                yield path


def _words(found: Found) -> str:
    lines = [f"{len(found.lines)} damaged or changed:", *(f"  - {line}" for line in found.lines)]
    if found.remove:
        names = shlex.join(map(_name, dict.fromkeys(found.remove)))
        lines.append("Keep a copy of what you edited yourself; then remove what is wrong:")
        lines.append(f"  rm -rf -- {names}")
    if found.run:
        lines.append("and have it made again:")
        lines.append(f"  foursplit repro {shlex.join(dict.fromkeys(found.run))}")
    return "\n".join([*lines, *found.own])


def _name(path: Path) -> str:
    return str(path.relative_to(paths.root())) if path.is_relative_to(paths.root()) else str(path)
