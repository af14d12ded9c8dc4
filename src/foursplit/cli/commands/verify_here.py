"""Check all that lies here against the hashes that name it: outputs, and DVC's cache."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.history.past_runs import cache_folder, object_file
from foursplit.runner.dvc_adapter import integrity
from foursplit.runner.dvc_adapter.graph import dvc_error_types
from foursplit.runner.dvc_adapter.integrity import LockedOutput
from foursplit.runner.repair_dvc_locks import require_no_conflicts

OBJECT = re.compile(r"[0-9a-f]{30}(\.dir)?")
"""The name of a file in DVC's cache, below a folder of two more digits; others are unfinished."""


@dataclass(slots=True)
class Report:
    """What is not as it should be, and what mends it."""

    lines: list[str] = field(default_factory=list)
    remove: list[Path] = field(default_factory=list)
    run: list[str] = field(default_factory=list)  # stages
    own: list[str] = field(default_factory=list)  # nobody but their owner has another copy


def here() -> None:
    """Read every output and every object of the cache; refuse in the end if one is damaged."""
    try:
        known = integrity.locked_outputs(paths.root())
    except dvc_error_types() as error:
        require_no_conflicts()
        raise FoursplitError(f"DVC: {error}") from error
    report, missing = Report(), [one for one in known if not one.path.exists()]
    present = [one for one in known if one.path.exists()]
    for one in present:
        _output(one, report)
    objects = _objects(_named(known), report)
    click.echo(f"{len(present)} outputs and {objects} objects of DVC's cache were read.")
    if missing:
        click.echo(f"{len(missing)} outputs that a lock names are not here; foursplit repro.")
    if report.lines:
        raise FoursplitError(_words(report))


def _output(one: LockedOutput, report: Report) -> None:
    changed = integrity.changed_files(one.out)
    if not changed:
        return
    name = _name(one.path)
    report.lines.append(f"{name}: not what {one.stage} wrote: {', '.join(changed)}")
    if one.is_run:
        report.remove.append(one.path)
        report.run.append(one.stage)
    else:
        report.own.append(
            f"{name} was added with `dvc add`: if the change is yours, `dvc commit {name}` records "
            f"it; if not, bring it back from a copy of your own."
        )


def _named(known: list[LockedOutput]) -> dict[str, LockedOutput]:
    """Return the output that names an object, of whatever its folder lists too."""
    cache, named = cache_folder(), {}
    for one in known:
        value = one.out.hash_info.value
        named[value] = one
        if value.endswith(integrity.FOLDER_SUFFIX):
            files = integrity.read_listing(object_file(cache, value), value) or {}
            named |= dict.fromkeys(files.values(), one)
    return named


def _objects(named: dict[str, LockedOutput], report: Report) -> int:
    """Read the cache's objects; return their number."""
    count = 0
    for path in _cached():
        count += 1
        name = path.parent.name + path.name
        if integrity.is_intact(path, name):
            continue
        report.remove.append(path)
        _object(path, named.get(name), report)
    return count


def _object(path: Path, one: LockedOutput | None, report: Report) -> None:
    part = f"it belongs to {_name(one.path)}" if one else "no lock file here names it"
    report.lines.append(f"{_name(path)}: damaged; {part}")
    if one and one.is_run:
        report.run.append(one.stage)
    elif one:
        name = _name(one.path)
        report.own.append(f"Then `dvc add {name}` makes another copy, if {name} itself is right.")


def _cached() -> Iterator[Path]:
    for folder in sorted((cache_folder() / "files" / "md5").glob("[0-9a-f][0-9a-f]")):
        for path in sorted(folder.iterdir()):
            if OBJECT.fullmatch(path.name) and path.is_file():
                yield path


def _words(report: Report) -> str:
    lines = [f"{len(report.lines)} damaged or changed:", *(f"  - {line}" for line in report.lines)]
    if report.remove:
        names = shlex.join(map(_name, dict.fromkeys(report.remove)))
        lines.append("Keep a copy of what you edited yourself; then remove what is wrong:")
        lines.append(f"  rm -rf -- {names}")
    if report.run:
        lines.append("and have it made again:")
        lines.append(f"  foursplit repro {shlex.join(dict.fromkeys(report.run))}")
    return "\n".join([*lines, *report.own])


def _name(path: Path) -> str:
    return str(path.relative_to(paths.root())) if path.is_relative_to(paths.root()) else str(path)
