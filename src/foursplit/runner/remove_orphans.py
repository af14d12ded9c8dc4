"""Remove what experiments, groups and sources left behind when they went from params.yaml.

DVC hashes folders whole: an orphan would make this folder's results differ from a clean clone's.
Only what can be given back is removed (`runner/removable_outputs.py`); a person's file is named
and left.
What a killed run had not yet renamed into place goes too, unless another run is writing now.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

from foursplit.config import paths, pipelines
from foursplit.config.pipelines import REAL
from foursplit.config.schema import Params, Section
from foursplit.io import artifacts
from foursplit.runner.dvc_adapter.cache import is_tracked
from foursplit.runner.removable_outputs import REMEDY, RemovalRule, delete, display_path, first_link

MAX_SHOWN = 10  # things of a person that are named one by one

FOLDERS = (
    "code", "raw", "valid", "validation", "split", "models", "predictions", "curves", "studies",
    "final", "selected",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanReport:
    """What belongs to nothing in params.yaml."""

    orphans: list[Path] = field(default_factory=list)  # ours, and removed unless only looked for
    foreign: list[Path] = field(default_factory=list)  # not ours, and left


def remove_orphans(params: Params, *, dry: bool = False) -> OrphanReport:
    """Delete orphaned outputs under data/, unless `dry`; `foursplit repro` can give them back."""
    if not dry and not _is_dvc_writing():
        _remove_partial_files()
    found, rule = OrphanReport(), RemovalRule()
    for of, section in params.sections().items():
        for path in _unknown_paths(of, section, params):
            remove_orphan(path, rule, found, dry=dry)
    return found


def report_lines(found: OrphanReport, *, dry: bool = False) -> Iterator[str]:
    """Say what was removed, and what was left although nothing needs it."""
    for path in found.orphans:
        what = "a run would remove it" if dry else "removed"
        yield f"{display_path(path)}: no longer in params.yaml; {what}"
    read = _folder_dependencies() if found.foreign else []
    for path in found.foreign[:MAX_SHOWN]:
        text = f"{display_path(path)}: not written by Foursplit; left there"
        whole = [display_path(folder) for folder in read if path.is_relative_to(folder)]
        if whole:
            text += (
                f". The report reads all of {whole[0]}, so that its lock differs from a clean "
                f"clone's: {REMEDY}"
            )
        yield text
    if len(found.foreign) > MAX_SHOWN:
        yield f"and {len(found.foreign) - MAX_SHOWN} more that Foursplit did not write"


def _folder_dependencies() -> list[Path]:
    """List the folders of data/ that a report depends on as a whole."""
    found = []
    for file in (paths.root() / "dvc.yaml", paths.pipeline_file(REAL)):
        content = YAML(typ="safe").load(file.read_text("utf-8")) if file.is_file() else None
        stages = ((content or {}).get("stages") or {}).values()
        deps = [dep for stage in stages for dep in stage.get("deps", ()) if isinstance(dep, str)]
        found += [paths.root() / dep for dep in deps if dep.startswith("data/")]
    return found


def _unknown_paths(of: pipelines.Pipeline, section: Section, params: Params) -> Iterator[Path]:
    """List what lies where outputs lie and is none of them."""
    data, groups = paths.data(of), [name for block in section.groups.values() for name in block]
    for stage in ("raw", "valid", "validation", "split"):
        yield from _unknown_in(data / stage, section.sources)
    for stage in ("models", "predictions"):
        yield from _unknown_in(data / stage, groups)
        for group in groups:
            yield from _unknown_in(data / stage / group, params.members(group))
    yield from _unknown_in(data / "curves", [".gitkeep", *groups])
    curves = [key for block in params.curves.values() for key in block]
    for group in groups:
        kept = [f"{key}.{ending}" for key in curves for ending in ("csv", "json")]
        yield from _unknown_in(data / "curves" / group, kept)
    studies = [key for block in section.studies.values() for key in block]
    yield from _unknown_in(data / "studies", [".gitkeep", *(f"{key}.json" for key in studies)])
    yield from _unknown_in(data / "final", groups)
    yield from _unknown_in(data / "selected", [f"{group}.json" for group in groups])


def _unknown_in(folder: Path, known: Iterable[str]) -> list[Path]:
    """List what else lies in a folder; nothing where a link leads there."""
    if first_link(folder) is not None or not folder.is_dir():
        return []
    names = set(known)
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name not in names and not path.name.endswith(".part")
    ]


def remove_orphan(path: Path, rule: RemovalRule, found: OrphanReport, *, dry: bool) -> None:
    """Remove what is ours at or below `path`, and note the rest as somebody's."""
    if rule.is_removable(path):
        found.orphans.append(path)
        if not dry:
            delete(path)
    elif (
        path.is_dir() and not path.is_symlink() and _readable(path) and rule.locks.below(path)
    ):  # fmt: skip
        for inner in sorted(path.iterdir()):
            remove_orphan(inner, rule, found, dry=dry)
        if not dry and not any(path.iterdir()):
            path.rmdir()
    elif not _is_empty_folder(path) and not is_tracked(path):
        found.foreign.extend(rule.foreign_files(path) or [path])


def _readable(folder: str | Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK)


def _is_empty_folder(path: Path) -> bool:
    """Tell whether it is a folder without a file, which changes no hash."""
    if path.is_symlink() or not path.is_dir() or not _readable(path):
        return False
    with os.scandir(path) as entries:  # which may be millions
        return next(entries, None) is None


def _remove_partial_files() -> None:
    for path in sorted(_partial_files()):
        writer = artifacts.writer(path.name)
        if writer is not None and _is_running(writer):
            continue
        before = artifacts.before(path.name)
        if before is not None and not os.path.lexists(path.with_name(before)):
            artifacts.recover(path.with_name(before))
        else:
            delete(path)


def _partial_files() -> Iterator[Path]:
    """List what our commands wrote aside, beside its place, without following a link."""
    root = paths.root()
    yield from _partial_files_in(root, 0)
    yield from _partial_files_in(root / "pipelines", 3)
    yield from _partial_files_in(root / "reports", 3)
    for data in (paths.data(), paths.data(REAL)):
        for name in (*FOLDERS, "tags"):
            # What lies in a raw folder came as it is, and may be many files.
            yield from _partial_files_in(data / name, 0 if name == "raw" else 3)


def _partial_files_in(folder: Path, depth: int) -> Iterator[Path]:
    if first_link(folder) is None and folder.is_dir():
        yield from map(Path, _walk(str(folder), depth))


def _walk(folder: str, depth: int) -> Iterator[str]:
    if not _readable(folder):  # then it is none of ours
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if artifacts.is_part(entry.name) and not entry.is_symlink():
                yield entry.path
            elif depth and entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, depth - 1)


def _is_running(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits for its parent does not."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's, or a system without /proc
        return True
    return pid != os.getpid() and status.rpartition(")")[2].split()[0] not in "ZX"


def _is_dvc_writing() -> bool:
    """Tell whether a DVC command that is alive has announced that it writes."""
    try:
        announced = json.loads((paths.root() / ".dvc" / "tmp" / "rwlock").read_text())
        writers = {int(info["pid"]) for info in announced.get("write", {}).values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False  # none, or torn by a kill
    return any(Path(f"/proc/{pid}").exists() for pid in writers)
