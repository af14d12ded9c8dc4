"""`foursplit verify`: run the pipeline in two clean clones, and compare every lock entry."""

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
    """Run `targets` (default: all stages) in two clones and compare their locks.

    One clone gets one core, the other all cores: outputs must not depend on it.
    """
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="foursplit-verify-") as folder:
        clones = [Path(folder) / name for name in ("one_core", "all_cores")]
        runs = [
            _start(path, targets, set(cores[:1]) if index == 0 else set(cores))
            for index, path in enumerate(clones)
        ]
        codes = [run.wait() for run in runs]
        for path, code in zip(clones, codes, strict=True):
            if code:
                raise FoursplitError(f"{path.name}: the run failed:\n{_tail(path)}")
        first, second = (locks(path) for path in clones)
        n_stages = _count_stages(clones[0])
    differing = compare(first, second)
    if differing:
        raise FoursplitError(
            "the clones differ:\n" + "\n".join(f"  - {line}" for line in differing)
        )
    click.echo(f"{n_stages} stages ran in each of two clean clones; all lock entries are equal.")
    for line in compare(locks(paths.root()), second):
        click.echo(f"  note: differs from the committed lock: {line}")


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


def _count_stages(folder: Path) -> int:
    return (folder / ".verify.log").read_text(errors="replace").count("Running stage")


def locks(root: Path) -> Locks:
    """Read every dvc.lock below `root`."""
    entries: Locks = {}
    for path in sorted(root.glob("**/dvc.lock")):
        if {".venv", ".foursplit"} & {*path.parts}:  # locks of other projects, and damaged ones
            continue
        content = YAML(typ="safe").load(path.read_text()) or {}
        for stage, entry in content.get("stages", {}).items():
            entries[f"{path.parent.relative_to(root)}:{stage}"] = entry
    return entries


def compare(first: Locks, second: Locks) -> list[str]:
    """List the stages whose hashes, parameters or command differ."""
    lines = []
    for stage in sorted({*first, *second}):
        if stage not in first or stage not in second:
            lines.append(f"{stage}: only in one")
        elif first[stage] != second[stage]:
            lines.append(f"{stage}: {', '.join(_differences(first[stage], second[stage]))}")
    return lines


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    differences = []
    for section in ("cmd", "deps", "params", "outs"):
        if one.get(section) != other.get(section):
            before = {str(e.get("path")): e for e in one.get(section, []) if isinstance(e, dict)}
            after = {str(e.get("path")): e for e in other.get(section, []) if isinstance(e, dict)}
            differing = [p for p in sorted({*before, *after}) if before.get(p) != after.get(p)]
            differences.append(f"{section} {' '.join(differing)}".strip())
    return differences
