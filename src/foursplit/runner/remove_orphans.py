"""Remove outputs of experiments, groups and datasets that are no longer in params.yaml.

DVC hashes whole folders: an orphan would make this project's results differ from a clean clone's.
Only restorable files are removed (`runner/removable_outputs.py`); a person's file is listed.
Partial files of a killed run are removed too, unless another run is writing now.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

from foursplit.config import paths, pipelines
from foursplit.config.pipelines import FULL
from foursplit.config.schema import Params, PipelineConfig
from foursplit.io import artifacts
from foursplit.runner.dvc_adapter.cache import is_tracked
from foursplit.runner.removable_outputs import REMEDY, RemovalRule, delete, display_path, first_link

ENDINGS = ("csv", "json")  # of curves and searches

MAX_SHOWN = 10  # foreign files that are listed one by one

FOLDERS = (
    "code", "members", "weights", "raw", "valid", "validation", "split", "models", "predictions",
    "curves", "searches", "lessons", "final", "selected",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanReport:
    """Paths that belong to nothing in params.yaml."""

    orphans: list[Path] = field(
        default_factory=list
    )  # written by Foursplit, and removed unless dry
    foreign: list[Path] = field(default_factory=list)  # not written by Foursplit, and left


def remove_orphans(params: Params, *, dry: bool = False) -> OrphanReport:
    """Delete orphaned outputs under data/, unless `dry`; `foursplit repro` can restore them."""
    if not dry and not _is_dvc_writing():
        _remove_partial_files()
    report, rule = OrphanReport(), RemovalRule()
    for pipeline, section in params.sections().items():
        for path in _unknown_paths(pipeline, section, params):
            remove_orphan(path, rule, report, dry=dry)
    return report


def report_lines(report: OrphanReport, *, dry: bool = False) -> Iterator[str]:
    """Describe what was removed, and the foreign files that were left."""
    for path in report.orphans:
        action = "a run would remove it" if dry else "removed"
        yield f"{display_path(path)}: no longer in params.yaml; {action}"
    dependencies = _folder_dependencies() if report.foreign else []
    for path in report.foreign[:MAX_SHOWN]:
        text = f"{display_path(path)}: not written by Foursplit; left there"
        containing = [
            display_path(folder) for folder in dependencies if path.is_relative_to(folder)
        ]
        if containing:
            text += (
                f". The report depends on all of {containing[0]}, so its lock differs from a clean "
                f"clone's: {REMEDY}"
            )
        yield text
    if len(report.foreign) > MAX_SHOWN:
        yield f"and {len(report.foreign) - MAX_SHOWN} more that Foursplit did not write"


def _folder_dependencies() -> list[Path]:
    """List the folders of data/ that a report depends on."""
    folders = []
    for file in (paths.root() / "dvc.yaml", paths.pipeline_file(FULL)):
        content = YAML(typ="safe").load(file.read_text("utf-8")) if file.is_file() else None
        stages = ((content or {}).get("stages") or {}).values()
        deps = [dep for stage in stages for dep in stage.get("deps", ()) if isinstance(dep, str)]
        folders += [paths.root() / dep for dep in deps if dep.startswith("data/")]
    return folders


def _unknown_paths(
    pipeline: pipelines.Pipeline, section: PipelineConfig, params: Params
) -> Iterator[Path]:
    """List the paths in output folders that are no output."""
    data, groups = (
        paths.data(pipeline),
        [name for block in section.groups.values() for name in block],
    )
    for stage in ("raw", "valid", "validation", "split"):
        yield from _unknown_in(data / stage, section.datasets)
    for stage in ("models", "predictions"):
        yield from _unknown_in(data / stage, groups)
        for group in groups:
            yield from _unknown_in(data / stage / group, params.members(group))
    yield from _unknown_in(data / "curves", [".gitkeep", *groups])
    curves = [key for block in params.curves.values() for key in block]
    for group in groups:
        files = [f"{key}.{ending}" for key in curves for ending in ENDINGS]
        yield from _unknown_in(data / "curves" / group, files)
    lessons = [key for block in section.lessons.values() for key in block]
    yield from _unknown_in(data / "lessons", [".gitkeep", *(f"{key}.json" for key in lessons)])
    searches = [f"{key}.{end}" for b in section.searches.values() for key in b for end in ENDINGS]
    yield from _unknown_in(data / "searches", [".gitkeep", *searches])
    yield from _unknown_in(data / "final", groups)
    yield from _unknown_in(data / "selected", [f"{group}.json" for group in groups])


def _unknown_in(folder: Path, expected: Iterable[str]) -> list[Path]:
    """List the other paths in a folder; empty if it is behind a link."""
    if first_link(folder) is not None or not folder.is_dir():
        return []
    names = set(expected)
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name not in names and not path.name.endswith(".part")
    ]


def remove_orphan(path: Path, rule: RemovalRule, report: OrphanReport, *, dry: bool) -> None:
    """Remove Foursplit's files at or below `path`, and report the rest as foreign."""
    if rule.is_removable(path):
        report.orphans.append(path)
        if not dry:
            delete(path)
    elif (
        path.is_dir()
        and not path.is_symlink()
        and _readable(path)
        and rule.recorded.has_below(path)
    ):
        for inner in sorted(path.iterdir()):
            remove_orphan(inner, rule, report, dry=dry)
        if not dry and not any(path.iterdir()):
            path.rmdir()
    elif not _is_empty_folder(path) and not is_tracked(path):
        report.foreign.extend(rule.foreign_files(path) or [path])


def _readable(folder: str | Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK)


def _is_empty_folder(path: Path) -> bool:
    """Return whether a path is an empty folder, which changes no hash."""
    if path.is_symlink() or not path.is_dir() or not _readable(path):
        return False
    with os.scandir(path) as entries:  # may be millions
        return next(entries, None) is None


def _remove_partial_files() -> None:
    for path in sorted(_partial_files()):
        writer = artifacts.writer_pid(path.name)
        if writer is not None and _is_running(writer):
            continue
        target_name = artifacts.backed_up_name(path.name)
        if target_name is not None and not os.path.lexists(path.with_name(target_name)):
            artifacts.recover_directory(path.with_name(target_name))
        else:
            delete(path)


def _partial_files() -> Iterator[Path]:
    """List the temporary files of Foursplit's commands, without following a link."""
    root = paths.root()
    yield from _partial_files_in(root, 0)
    yield from _partial_files_in(root / "pipelines", 3)
    yield from _partial_files_in(root / "reports", 3)
    for data in (paths.data(), paths.data(FULL)):
        yield from _partial_files_in(data, 0)  # of a stage whose output is a folder of data/
        for name in (*FOLDERS, "tags"):
            # A raw folder has downloaded files, and may have many.
            yield from _partial_files_in(data / name, 0 if name == "raw" else 3)


def _partial_files_in(folder: Path, depth: int) -> Iterator[Path]:
    if first_link(folder) is None and folder.is_dir():
        yield from map(Path, _walk(str(folder), depth))


def _walk(folder: str, depth: int) -> Iterator[str]:
    if not _readable(folder):  # then it is not Foursplit's
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if artifacts.is_partial(entry.name) and not entry.is_symlink():
                yield entry.path
            elif depth and entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, depth - 1)


def _is_running(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's process, or no /proc
        return True
    return pid != os.getpid() and status.rpartition(")")[2].split()[0] not in "ZX"


def _is_dvc_writing() -> bool:
    """Return whether a running DVC command holds a write lock."""
    try:
        announced = json.loads((paths.root() / ".dvc" / "tmp" / "rwlock").read_text())
        writers = {int(info["pid"]) for info in announced.get("write", {}).values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False  # missing, or torn by a kill
    return any(Path(f"/proc/{pid}").exists() for pid in writers)
