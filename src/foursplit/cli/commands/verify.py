"""Show that the same commit gives the same bytes: two clean clones, every lock entry compared."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.reproduce import clone

Locks = dict[str, Mapping[str, Any]]
"""Lock entries by `<file>:<stage>`."""


def verify(targets: Sequence[str]) -> None:
    """Run `targets` (all stages where none is given) in two clones and compare their locks.

    One clone gets a single core and the other all of them: bytes must not depend on it.
    """
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="foursplit-verify-") as folder:
        clones = [Path(folder) / name for name in ("one_core", "all_cores")]
        runs = [
            _start(one, targets, set(cores[:1]) if place == 0 else set(cores))
            for place, one in enumerate(clones)
        ]
        codes = [run.wait() for run in runs]
        for one, code in zip(clones, codes, strict=True):
            if code:
                raise FoursplitError(f"{one.name}: the run failed:\n{_tail(one)}")
        first, second = (locks(one) for one in clones)
        touched = _ran(clones[0])
    differing = compare(first, second)
    if differing:
        raise FoursplitError(
            "the clones differ:\n" + "\n".join(f"  - {line}" for line in differing)
        )
    click.echo(f"{touched} stages ran in each of two clean clones; every lock entry is equal.")
    for line in compare(locks(paths.root()), second):
        click.echo(f"  note: differs from the lock committed here: {line}")


def _start(folder: Path, targets: Sequence[str], cores: set[int]) -> subprocess.Popen[bytes]:
    clone.clone(folder)
    with (folder / ".verify.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dvc", "repro", *targets],
            cwd=folder,
            env={**clone.clone_environment(folder), "FOURSPLIT_ACCELERATOR": "cpu"},
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )


def _tail(folder: Path, lines: int = 30) -> str:
    return "\n".join((folder / ".verify.log").read_text(errors="replace").splitlines()[-lines:])


def _ran(folder: Path) -> int:
    return (folder / ".verify.log").read_text(errors="replace").count("Running stage")


def locks(root: Path) -> Locks:
    """Read every dvc.lock below `root`; the order of stages in the file means nothing."""
    found: Locks = {}
    for path in sorted(root.glob("**/dvc.lock")):
        if {".venv", ".foursplit"} & {*path.parts}:  # others' locks, and torn ones
            continue
        content = YAML(typ="safe").load(path.read_text()) or {}
        for stage, entry in content.get("stages", {}).items():
            found[f"{path.parent.relative_to(root)}:{stage}"] = entry
    return found


def compare(first: Locks, second: Locks) -> list[str]:
    """Name every stage whose hashes, parameters or command differ."""
    lines = []
    for stage in sorted({*first, *second}):
        if stage not in first or stage not in second:
            lines.append(f"{stage}: only in one")
        elif first[stage] != second[stage]:
            lines.append(f"{stage}: {', '.join(_parts(first[stage], second[stage]))}")
    return lines


def _parts(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    parts = []
    for kind in ("cmd", "deps", "params", "outs"):
        if one.get(kind) != other.get(kind):
            mine = {str(e.get("path")): e for e in one.get(kind, []) if isinstance(e, dict)}
            theirs = {str(e.get("path")): e for e in other.get(kind, []) if isinstance(e, dict)}
            differing = [p for p in sorted({*mine, *theirs}) if mine.get(p) != theirs.get(p)]
            parts.append(f"{kind} {' '.join(differing)}".strip())
    return parts
