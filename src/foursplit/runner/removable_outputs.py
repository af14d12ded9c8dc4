"""The one rule for removing and replacing: what Foursplit wrote itself and can give back.

A file may go if a lock names it and DVC's cache holds the same bytes, or if a stage that was cut
off has noted that it put it there.  Nothing is removed through a link or where git tracks it.
All else is a person's: it is named and left, or, in place of a stage's own output, set aside.
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
from foursplit.io.artifacts import BOOK, is_part, stamp
from foursplit.runner.dvc_adapter.cache import (
    DvcCache,
    Listing,
    RecordedOutputs,
    file_md5,
    folder_md5,
    is_committed,
    is_tracked,
)

MAX_SHOWN = 5  # files that a message names

REMEDY = "move it to another place, such as data/own/"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutput:
    """What a stage writes, and its hash as the lock files have it."""

    path: Path
    md5: str | None
    cached: bool = True  # else git keeps it, such as a metric


class WriteLogs:
    """What stages have put in place and DVC has not: of runs that were cut off, and by hand."""

    def __init__(self) -> None:
        self.folder = paths.state() / "writing"

    def written_by_run(self, path: Path) -> bool:
        return self._is_logged(path, "run")

    def written_by_hand(self, path: Path) -> bool:
        return self._is_logged(path, "hand")

    def written_by_run_below(self, path: Path) -> bool:
        """Tell whether a run noted anything at or below `path`."""
        return any(kind == "run" and Path(name).is_relative_to(path) for kind, name in self._stamps)

    def _is_logged(self, path: Path, kind: str) -> bool:
        return tuple(stamp(path)) in self._stamps.get((kind, str(path)), ())

    @cached_property
    def _stamps(self) -> dict[tuple[str, str], set[tuple[int, int]]]:
        found: dict[tuple[str, str], set[tuple[int, int]]] = {}
        for book in sorted(self.folder.glob("*.jsonl")):
            kind = book.stem.rpartition(".")[2]
            for line in book.read_text("utf-8", "replace").splitlines():
                try:
                    path, size, when = json.loads(line)
                    found.setdefault((kind, path), set()).add((size, when))
                except (ValueError, TypeError):  # the last line of a stage that was killed
                    continue
        return found


def write_log_path(stage: str, kind: str) -> Path:
    """Name the file in which a stage notes what it puts in place: `run`, or `hand`."""
    return paths.state() / "writing" / f"{stage.replace('/', '__').replace(':', '--')}.{kind}.jsonl"


def open_write_log(stage: str, kind: str, *, fresh: bool = True) -> Path:
    """Begin the book of a stage that starts, or go on with it."""
    place = write_log_path(stage, kind)
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w" if fresh else "a", encoding="utf-8"):
        return place


def remove_write_log(stage: str, kind: str) -> None:
    """Forget what a stage noted: DVC has it now."""
    write_log_path(stage, kind).unlink(missing_ok=True)


@contextmanager
def log_manual_writes(stage: str) -> Iterator[None]:
    """Have a stage that a person started note what it puts in place."""
    os.environ[BOOK] = str(open_write_log(stage, "hand", fresh=False))
    try:
        yield
    finally:
        os.environ.pop(BOOK, None)


def first_link(path: Path) -> Path | None:
    """Give the first link on the way from the project's root to `path`, itself included."""
    inside = path.relative_to(paths.root())
    for parent in (*reversed(inside.parents), inside):
        if (paths.root() / parent).is_symlink():
            return paths.root() / parent
    return None


def list_files(path: Path) -> dict[str, Path]:
    """List files and links at or below `path` by their path in it; no link is followed."""
    if path.is_symlink() or not path.is_dir():
        return {"": path}
    found: dict[str, Path] = {}
    for folder, folders, files in os.walk(path, onerror=_raise):
        at = Path(folder)
        names = [*files, *(name for name in folders if (at / name).is_symlink())]
        folders[:] = [name for name in folders if not is_part(name)]
        found |= {(at / name).relative_to(path).as_posix(): at / name for name in names}
    return {name: leaf for name, leaf in found.items() if not is_part(leaf.name)}


def _raise(error: OSError) -> None:
    raise error  # what cannot be looked at cannot be given back


class RemovalRule:
    """Answers whether something may be removed; reads cache, locks and books when it must."""

    def __init__(self) -> None:
        self.cache = DvcCache()
        self.locks = RecordedOutputs(self.cache)
        self.books = WriteLogs()

    def unknown_files(self, path: Path, listing: Listing | None) -> dict[str, Path]:
        """List the files at `path` that cannot be given back as `listing` has them."""
        known = listing or {}
        return {
            name: leaf
            for name, leaf in list_files(path).items()
            if not self.cache.holds(leaf, known.get(name)) and not self.books.written_by_run(leaf)
        }

    def noted(self, path: Path) -> bool:
        """Tell whether a run noted that it put anything there."""
        return any(self.books.written_by_run(leaf) for leaf in list_files(path).values())

    def is_removable(self, path: Path) -> bool:
        """Tell whether all of an output that no stage writes any more may be removed.

        What nobody noted is not even walked through: it may be a large disk's.
        """
        known = self._known(path)
        if not known and not self.books.written_by_run_below(path):
            return False
        if first_link(path) is not None or is_tracked(path):
            return False
        try:
            if not list_files(path):
                return bool(known)
            return any(not self.unknown_files(path, listing) for listing in [None, *known])
        except PermissionError:
            return False

    def foreign_files(self, path: Path) -> list[Path]:
        """List what keeps an output of before from being removed; nothing where it was none."""
        if first_link(path) is not None:
            return []
        try:
            found = [self.unknown_files(path, listing) for listing in self._known(path)]
        except PermissionError:
            return []
        return [*min(found, key=len).values()] if found else []

    def _known(self, path: Path) -> list[Listing]:
        """Say what any lock or the run-cache knows to have been at `path`."""
        found = map(self.cache.listing, sorted(self.locks.hashes(path)))
        return [listing for listing in found if listing is not None]

    def check_replaceable(self, output: StageOutput) -> tuple[list[Path], bool]:
        """Look at a stage's own output: what in it is not ours, and whether the rest is to be kept.

        What is not ours forbids to replace it.  To be kept is what was edited, or made by hand.
        """
        path, md5 = output.path, output.md5
        if not os.path.lexists(path):
            return [], False
        listing = self.cache.listing(md5)
        found = self.unknown_files(path, listing)
        links = [leaf for leaf in found.values() if leaf.is_symlink() or not leaf.is_file()]
        if links:
            return links, False
        if found:
            found = self._without_recoverable(path, md5, listing, found)
        if not found:
            return [], False
        if not output.cached:
            return [], not is_committed(path)
        foreign = [
            leaf
            for name, leaf in found.items()
            if not self.books.written_by_hand(leaf) and not _replaces_output(name, md5, listing)
        ]
        return foreign, not foreign

    def _without_recoverable(
        self, path: Path, md5: str | None, listing: Listing | None, found: dict[str, Path]
    ) -> dict[str, Path]:
        """Take out what the cache holds as another version, or lacks and can be given to it."""
        if listing is not None:
            now = {name: file_md5(leaf) for name, leaf in found.items() if name in listing}
            lost = {name for name in now if now[name] == listing[name]}
            for name in lost:
                self.cache.put(found[name], now[name])
            found = {name: leaf for name, leaf in found.items() if name not in lost}
        if not found or any(not self.unknown_files(path, other) for other in self._known(path)):
            return {}
        if listing is None and md5 is not None:  # the cache lost the list of files
            whole = {name: file_md5(leaf) for name, leaf in list_files(path).items()}
            if folder_md5(whole) == md5:
                for name, leaf in list_files(path).items():
                    self.cache.put(leaf, whole[name])
                self.cache.put_listing(whole)
                return {}
        return found


def _replaces_output(name: str, md5: str | None, listing: Listing | None) -> bool:
    """Tell whether a file stands where an output of ours stood."""
    return md5 is not None and (listing is None or name in listing)


def prepare_outputs(
    outputs: Iterable[StageOutput],
    *,
    partial: bool = False,
    by: str = "",
    rule: RemovalRule | None = None,
    copy: bool = False,
) -> list[str]:
    """See to it that a stage may replace its outputs; return what was done, a line each.

    A file of somebody else's is refused; an edited output, or one made by hand, is set aside.  So
    is, with `partial`, what a command that keeps no book left when it was cut off.  With `copy` it
    stays in its place too, for a stage that replaces it only once it is done.
    """
    rule = rule or RemovalRule()
    rule.books = WriteLogs()  # which stages have written in meanwhile
    foreign: list[Path] = []
    kept: list[Path] = []
    for output in outputs:
        strange, keep = rule.check_replaceable(output)
        if strange and partial and not rule.noted(output.path):
            strange, keep = [leaf for leaf in strange if leaf.is_symlink()], True
        foreign += strange
        kept += [output.path] * keep
    if foreign:
        raise FoursplitError(foreign_files_message(foreign, by))
    for path in kept:
        _require_movable(path)
    return [set_aside(path, copy=copy) for path in kept]


def foreign_files_message(foreign: Sequence[Path], by: str) -> str:
    """Say which files forbid that a stage writes its output, and what to do about it."""
    names = ", ".join(display_path(path) for path in foreign[:MAX_SHOWN])
    more = f" and {len(foreign) - MAX_SHOWN} more" if len(foreign) > MAX_SHOWN else ""
    link = " (a link)" if foreign[0].is_symlink() else ""
    writes = f"{by or 'a stage'} writes there and would delete it"
    return f"{names}{more}{link}: not written by Foursplit, and {writes}; {REMEDY}"


def display_path(path: Path) -> str:
    """Name a path from the root, whatever bytes it has."""
    text = str(path.relative_to(paths.root())) if path.is_relative_to(paths.root()) else str(path)
    return text if text.isprintable() else repr(text)


def _require_movable(path: Path) -> None:
    """Refuse to move what would not simply get another name."""
    inside = path.is_relative_to(paths.root())
    link = first_link(path) if inside else None
    paths.state().mkdir(exist_ok=True)
    if inside and link is None and path.lstat().st_dev == paths.state().stat().st_dev:
        return
    where = f"lies behind the link {display_path(link)}" if link else "lies on another disk"
    raise FoursplitError(
        f"{display_path(path)}: {where}, and was edited or made by hand: move it elsewhere, or delete it "
        "if it is not needed"
    )


def set_aside(path: Path, *, copy: bool = False) -> str:
    """Move a file or folder to .foursplit/set_aside/, or link it there too; say where it is."""
    begin = paths.state() / "set_aside" / time.strftime("%Y-%m-%d_%H-%M-%S")
    inside, number = path.relative_to(paths.root()), 1
    place = begin / inside
    while os.path.lexists(place):
        number += 1
        place = begin.with_name(f"{begin.name}_{number}") / inside
    place.parent.mkdir(parents=True, exist_ok=True)
    if copy and path.is_dir():
        shutil.copytree(path, place, symlinks=True, copy_function=_link)
    elif copy:
        _link(path, place)
    else:
        path.rename(place)
    return f"{display_path(path)}: edited or made by hand; set aside as {display_path(place)}"


def _link(path: str | Path, place: str | Path) -> None:
    """Give a file a second name, for stages replace files and write into none."""
    try:
        Path(place).hardlink_to(path)
    except OSError:  # a file system without
        shutil.copy2(path, place)


def delete(path: Path) -> None:
    """Delete what `Rule` has allowed to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
