"""`foursplit verify --here`: verify the checksums of all outputs and of DVC's cache."""

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

CACHE_OBJECT = re.compile(r"[0-9a-f]{30}(\.dir)?")
"""The name of a file in DVC's cache, below a folder of two digits; others are incomplete."""


@dataclass(slots=True)
class Report:
    """Damaged files, and how to fix them."""

    lines: list[str] = field(default_factory=list)
    remove: list[Path] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)  # to run again
    added: list[str] = field(default_factory=list)  # advice on files of `dvc add`


def verify_here() -> None:
    """Read every output and every object of the cache; raise if one is damaged."""
    try:
        outputs = integrity.locked_outputs(paths.root())
    except dvc_error_types() as error:
        require_no_conflicts()
        raise FoursplitError(f"DVC: {error}") from error
    report = Report()
    missing = [output for output in outputs if not output.path.exists()]
    present = [output for output in outputs if output.path.exists()]
    for output in present:
        _check_output(output, report)
    n_objects = _check_cache(_outputs_by_object(outputs), report)
    click.echo(f"{len(present)} outputs and {n_objects} objects of DVC's cache were read.")
    if missing:
        click.echo(f"{len(missing)} outputs of the locks are missing. Run `foursplit repro`.")
    if report.lines:
        raise FoursplitError(_format(report))


def _check_output(output: LockedOutput, report: Report) -> None:
    changed = integrity.changed_files(output.out)
    if not changed:
        return
    name = _name(output.path)
    report.lines.append(f"{name} differs from the output of {output.stage}: {', '.join(changed)}")
    if output.is_run:
        report.remove.append(output.path)
        report.stages.append(output.stage)
    else:
        report.added.append(
            f"{name} was added with `dvc add`. If you changed it, run `dvc commit {name}`; "
            f"otherwise restore it from your own copy."
        )


def _outputs_by_object(outputs: list[LockedOutput]) -> dict[str, LockedOutput]:
    """Return the output of each cache object, including the files of folders."""
    cache, by_object = cache_folder(), {}
    for output in outputs:
        value = output.out.hash_info.value
        by_object[value] = output
        if value.endswith(integrity.FOLDER_SUFFIX):
            files = integrity.read_listing(object_file(cache, value), value) or {}
            by_object |= dict.fromkeys(files.values(), output)
    return by_object


def _check_cache(by_object: dict[str, LockedOutput], report: Report) -> int:
    """Read the objects of the cache; return their number."""
    count = 0
    for path in _cache_objects():
        count += 1
        name = path.parent.name + path.name
        if integrity.is_intact(path, name):
            continue
        report.remove.append(path)
        _check_object(path, by_object.get(name), report)
    return count


def _check_object(path: Path, output: LockedOutput | None, report: Report) -> None:
    owner = f"it belongs to {_name(output.path)}" if output else "no lock file refers to it"
    report.lines.append(f"{_name(path)}: damaged; {owner}")
    if output and output.is_run:
        report.stages.append(output.stage)
    elif output:
        name = _name(output.path)
        report.added.append(
            f"Then run `dvc add {name}` to cache it again, if {name} itself is correct."
        )


def _cache_objects() -> Iterator[Path]:
    for folder in sorted((cache_folder() / "files" / "md5").glob("[0-9a-f][0-9a-f]")):
        for path in sorted(folder.iterdir()):
            if CACHE_OBJECT.fullmatch(path.name) and path.is_file():
                yield path


def _format(report: Report) -> str:
    lines = [f"{len(report.lines)} damaged or changed:", *(f"  - {line}" for line in report.lines)]
    if report.remove:
        names = shlex.join(map(_name, dict.fromkeys(report.remove)))
        lines.append("Keep a copy of your own edits; then remove the damaged files:")
        lines.append(f"  rm -rf -- {names}")
    if report.stages:
        lines.append("and run their stages again:")
        lines.append(f"  foursplit repro {shlex.join(dict.fromkeys(report.stages))}")
    return "\n".join([*lines, *report.added])


def _name(path: Path) -> str:
    return str(path.relative_to(paths.root())) if path.is_relative_to(paths.root()) else str(path)
