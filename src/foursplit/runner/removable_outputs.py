"""The rule for removing and replacing files: only what Foursplit wrote and can restore.

A file may be removed if a lock file names it and DVC's cache has the same bytes, or if the log of
an interrupted stage lists it.  Nothing is removed through a link or where git tracks it.  All other
files belong to a person: they are listed and left, or, in place of a stage's output, moved aside.
"""

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io.artifacts import OUTPUT_LOG_VARIABLE, is_partial, size_and_mtime
from foursplit.runner.dvc_adapter.cache import (
    DvcCache,
    Listing,
    RecordedOutputs,
    file_md5,
    folder_md5,
    is_committed,
    is_tracked,
)

MAX_SHOWN = 5  # files in a message

REMEDY = "move it to another folder, such as data/own/"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutput:
    """An output of a stage, and its hash in the lock files."""

    path: Path
    md5: str | None
    cached: bool = True  # else git tracks it, such as a metric


class WriteLogs:
    """Files that stages wrote and DVC does not know: of interrupted runs, and by hand."""

    def __init__(self) -> None:
        self.folder = paths.state() / "writing"

    def written_by_run(self, path: Path) -> bool:
        return self._is_logged(path, "run")

    def written_by_hand(self, path: Path) -> bool:
        return self._is_logged(path, "hand")

    def written_by_run_below(self, path: Path) -> bool:
        """Return whether a run logged a file at or below `path`."""
        return any(
            writer == "run" and Path(name).is_relative_to(path) for writer, name in self._stamps
        )

    def _is_logged(self, path: Path, writer: str) -> bool:
        return tuple(size_and_mtime(path)) in self._stamps.get((writer, str(path)), ())

    @cached_property
    def _stamps(self) -> dict[tuple[str, str], set[tuple[int, int]]]:
        stamps: dict[tuple[str, str], set[tuple[int, int]]] = {}
        for log in sorted(self.folder.glob("*.jsonl")):
            writer = log.stem.rpartition(".")[2]
            for line in log.read_text("utf-8", "replace").splitlines():
                try:
                    path, size, mtime = json.loads(line)
                    stamps.setdefault((writer, path), set()).add((size, mtime))
                except (ValueError, TypeError):  # the last line of a killed stage
                    continue
        return stamps


def write_log_path(stage: str, writer: str) -> Path:
    """Return the path of a stage's write log; `writer` is `run` or `hand`."""
    return (
        paths.state() / "writing" / f"{stage.replace('/', '__').replace(':', '--')}.{writer}.jsonl"
    )


def open_write_log(stage: str, writer: str, *, truncate: bool = True) -> Path:
    """Create the write log of a stage, or append to it without `truncate`."""
    path = write_log_path(stage, writer)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w" if truncate else "a", encoding="utf-8"):
        return path


def remove_write_log(stage: str, writer: str) -> None:
    """Remove the write log of a stage: DVC knows its outputs now."""
    write_log_path(stage, writer).unlink(missing_ok=True)


@contextmanager
def log_manual_writes(stage: str) -> Iterator[None]:
    """Log the files written by a stage that a person started."""
    os.environ[OUTPUT_LOG_VARIABLE] = str(open_write_log(stage, "hand", truncate=False))
    try:
        yield
    finally:
        os.environ.pop(OUTPUT_LOG_VARIABLE, None)


def first_link(path: Path) -> Path | None:
    """Return the first link on the path from the project's root to `path`, inclusive."""
    inside = path.relative_to(paths.root())
    for parent in (*reversed(inside.parents), inside):
        if (paths.root() / parent).is_symlink():
            return paths.root() / parent
    return None


def list_files(path: Path) -> dict[str, Path]:
    """List files and links at or below `path` by relative path; follow no link."""
    if path.is_symlink() or not path.is_dir():
        return {"": path}
    result: dict[str, Path] = {}
    for folder, folders, files in os.walk(path, onerror=_raise):
        parent = Path(folder)
        names = [*files, *(name for name in folders if (parent / name).is_symlink())]
        folders[:] = [name for name in folders if not is_partial(name)]
        result |= {(parent / name).relative_to(path).as_posix(): parent / name for name in names}
    return {name: file for name, file in result.items() if not is_partial(file.name)}


def _raise(error: OSError) -> None:
    raise error  # what is not readable cannot be restored


class RemovalRule:
    """Decide what may be removed; read cache, lock files and write logs when needed."""

    def __init__(self) -> None:
        self.cache = DvcCache()
        self.recorded = RecordedOutputs(self.cache)
        self.logs = WriteLogs()

    def unknown_files(self, path: Path, listing: Listing | None) -> dict[str, Path]:
        """List the files at `path` that cannot be restored as in `listing`."""
        hashes = listing or {}
        return {
            name: file
            for name, file in list_files(path).items()
            if not self.cache.has_content(file, hashes.get(name))
            and not self.logs.written_by_run(file)
        }

    def is_logged(self, path: Path) -> bool:
        """Return whether a run logged a file there."""
        return any(self.logs.written_by_run(file) for file in list_files(path).values())

    def is_removable(self, path: Path) -> bool:
        """Return whether the output of a stage that no longer exists may be removed.

        A path that no record names is not walked: it may be a large disk.
        """
        listings = self._known(path)
        if not listings and not self.logs.written_by_run_below(path):
            return False
        if first_link(path) is not None or is_tracked(path):
            return False
        try:
            if not list_files(path):
                return bool(listings)
            return any(not self.unknown_files(path, listing) for listing in [None, *listings])
        except PermissionError:
            return False

    def foreign_files(self, path: Path) -> list[Path]:
        """List the files that keep a former output from being removed; empty if it was none."""
        if first_link(path) is not None:
            return []
        try:
            candidates = [self.unknown_files(path, listing) for listing in self._known(path)]
        except PermissionError:
            return []
        return [*min(candidates, key=len).values()] if candidates else []

    def _known(self, path: Path) -> list[Listing]:
        """Return the listings of `path` in any lock file or the run-cache."""
        listings = map(self.cache.listing, sorted(self.recorded.hashes(path)))
        return [listing for listing in listings if listing is not None]

    def check_replaceable(self, output: StageOutput) -> tuple[list[Path], bool]:
        """Return the foreign files in a stage's output, and whether the rest must be kept.

        Foreign files forbid to replace it.  Edited or manually made outputs must be kept.
        """
        path, md5 = output.path, output.md5
        if not os.path.lexists(path):
            return [], False
        listing = self.cache.listing(md5)
        unknown = self.unknown_files(path, listing)
        links = [file for file in unknown.values() if file.is_symlink() or not file.is_file()]
        if links:
            return links, False
        if unknown:
            unknown = self._without_recoverable(path, md5, listing, unknown)
        if not unknown:
            return [], False
        if not output.cached:
            return [], not is_committed(path)
        foreign = [
            file
            for name, file in unknown.items()
            if not self.logs.written_by_hand(file) and not _replaces_output(name, md5, listing)
        ]
        return foreign, not foreign

    def _without_recoverable(
        self, path: Path, md5: str | None, listing: Listing | None, unknown: dict[str, Path]
    ) -> dict[str, Path]:
        """Drop files that the cache has as another version, or that can be added to it."""
        if listing is not None:
            hashes = {name: file_md5(file) for name, file in unknown.items() if name in listing}
            missing = {name for name in hashes if hashes[name] == listing[name]}
            for name in missing:
                self.cache.add(unknown[name], hashes[name])
            unknown = {name: file for name, file in unknown.items() if name not in missing}
        if not unknown or any(
            not self.unknown_files(path, recorded) for recorded in self._known(path)
        ):
            return {}
        if listing is None and md5 is not None:  # the cache has lost the list of files
            hashes_now = {name: file_md5(file) for name, file in list_files(path).items()}
            if folder_md5(hashes_now) == md5:
                for name, file in list_files(path).items():
                    self.cache.add(file, hashes_now[name])
                self.cache.add_listing(hashes_now)
                return {}
        return unknown


def _replaces_output(name: str, md5: str | None, listing: Listing | None) -> bool:
    """Return whether a file replaces a recorded output."""
    return md5 is not None and (listing is None or name in listing)


def prepare_outputs(
    outputs: Iterable[StageOutput],
    *,
    partial: bool = False,
    by: str = "",
    rule: RemovalRule | None = None,
    copy: bool = False,
) -> list[str]:
    """Make sure that a stage may replace its outputs; return a line for each action.

    Raise for a foreign file; set an edited or manually made output aside.  With `partial` also set
    aside what an interrupted command without a write log left.  With `copy` it stays in place too,
    for a stage that replaces it only at its end.
    """
    rule = rule or RemovalRule()
    rule.logs = WriteLogs()  # stages have written to them meanwhile
    foreign: list[Path] = []
    edited: list[Path] = []
    for output in outputs:
        unknown, is_edited = rule.check_replaceable(output)
        if unknown and partial and not rule.is_logged(output.path):
            unknown, is_edited = [file for file in unknown if file.is_symlink()], True
        foreign += unknown
        edited += [output.path] * is_edited
    if foreign:
        raise FoursplitError(foreign_files_message(foreign, by))
    for path in edited:
        _require_movable(path)
    return [move_to_backup(path, copy=copy) for path in edited]


def foreign_files_message(foreign: Sequence[Path], by: str) -> str:
    """Name the files that a stage's output would delete, and the remedy."""
    names = ", ".join(display_path(path) for path in foreign[:MAX_SHOWN])
    others = f" and {len(foreign) - MAX_SHOWN} more" if len(foreign) > MAX_SHOWN else ""
    link = " (a link)" if foreign[0].is_symlink() else ""
    writes = f"{by or 'a stage'} writes there and would delete it"
    return f"{names}{others}{link}: not written by Foursplit, and {writes}; {REMEDY}"


def display_path(path: Path) -> str:
    """Return a path relative to the root, with unprintable characters escaped."""
    text = str(path.relative_to(paths.root())) if path.is_relative_to(paths.root()) else str(path)
    return text if text.isprintable() else repr(text)


def _require_movable(path: Path) -> None:
    """Raise if moving a path would be more than a rename."""
    inside = path.is_relative_to(paths.root())
    link = first_link(path) if inside else None
    paths.state().mkdir(exist_ok=True)
    if inside and link is None and path.lstat().st_dev == paths.state().stat().st_dev:
        return
    location = f"lies behind the link {display_path(link)}" if link else "lies on another disk"
    raise FoursplitError(
        f"{display_path(path)}: {location}, and was edited or made by hand. "
        "Move it elsewhere, or delete it"
    )


def move_to_backup(path: Path, *, copy: bool = False) -> str:
    """Move a file or folder to .foursplit/backup/, or link it there; return a message."""
    parent_folder = paths.state() / "backup" / time.strftime("%Y-%m-%d_%H-%M-%S")
    inside, n = path.relative_to(paths.root()), 1
    target = parent_folder / inside
    while os.path.lexists(target):
        n += 1
        target = parent_folder.with_name(f"{parent_folder.name}_{n}") / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    if copy and path.is_dir():
        shutil.copytree(path, target, symlinks=True, copy_function=_link)
    elif copy:
        _link(path, target)
    else:
        path.rename(target)
    return f"{display_path(path)}: edited or made by hand; moved aside as {display_path(target)}"


def _link(path: str | Path, target: str | Path) -> None:
    """Hard-link a file: stages replace files and never modify them."""
    try:
        Path(target).hardlink_to(path)
    except OSError:  # not supported by the file system
        shutil.copy2(path, target)


def delete(path: Path) -> None:
    """Delete a file or folder that `RemovalRule` allows to remove."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
