"""Compare what DVC's cache and the outputs hold with the hashes that name them, byte by byte.

DVC itself trusts a file by its time and size, and an object of its cache by its name.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit.runner.stage_changes import listing_changes

Stage = Any
"""DVC's own object, untyped."""

Echo = Callable[[str], None]

FOLDER_SUFFIX = ".dir"
"""How the hash of a folder ends: its object is the list of its files."""

HASH_NAME = "md5"  # DVC's older one, of texts, is left to DVC


def file_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def is_intact(path: Path, name: str) -> bool:
    """Return whether an object of the cache holds what its name says."""
    return file_md5(path) == name.removesuffix(FOLDER_SUFFIX)


def read_listing(path: Path, name: str) -> dict[str, str] | None:
    """Read which files a folder's object lists; None where it is not here, or damaged."""
    if not path.is_file() or not is_intact(path, name):
        return None
    return {one["relpath"]: one[HASH_NAME] for one in json.loads(path.read_bytes())}


def damaged_objects(out: Any) -> Iterator[Path]:
    """List the objects of an output that are in the cache and are not what their names say."""
    value = out.hash_info.value if out.hash_info else None
    if not value or out.hash_info.name != HASH_NAME or out.cache.fs.protocol != "local":
        return
    path = Path(out.cache.oid_to_path(value))
    names = {value: path}
    if value.endswith(FOLDER_SUFFIX):
        files = read_listing(path, value) or {}
        names |= {one: Path(out.cache.oid_to_path(one)) for one in files.values()}
    for name, place in names.items():
        if place.is_file() and not is_intact(place, name):
            yield place


def changed_files(out: Any) -> tuple[str, ...]:
    """Return in which files an output here differs from its hash; nothing where it does not."""
    value, place = out.hash_info.value, Path(out.fs_path)
    if out.hash_info.name != HASH_NAME:
        return ()
    if not value.endswith(FOLDER_SUFFIX):
        return () if place.is_file() and file_md5(place) == value else (f"{place.name} changed",)
    files = {
        Path(path).relative_to(place).as_posix(): file_md5(Path(path))
        for path in out.dvcignore.find(out.fs, out.fs_path)
    }
    if folder_hash(files) == value:
        return ()
    known = read_listing(Path(out.cache.oid_to_path(value)), value)
    return listing_changes(known, files) if known is not None else ("some of its files changed",)


def folder_hash(files: Mapping[str, str]) -> str:
    """Hash a folder as DVC does: the md5 of the list of its files' md5s."""
    entries = [{HASH_NAME: files[name], "relpath": name} for name in sorted(files)]
    text = json.dumps(entries, sort_keys=True).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest() + FOLDER_SUFFIX


class VerifiedRestore:
    """What DVC takes from the cache while it restores a stage, checked before and after."""

    def __init__(self, say: Echo) -> None:
        self.say = say
        self.taken: Stage = None  # DVC's object with the outputs that it restores

    @contextmanager
    def removing_damaged(self, cache: Any) -> Iterator[None]:
        """Remove damaged objects before DVC's run-cache looks whether all is there."""
        create = cache._create_stage

        def created(entry: Any, wdir: Any = None) -> Stage:
            self.taken = create(entry, wdir)
            self._drop()
            return self.taken

        cache._create_stage = created
        try:
            yield
        finally:
            del cache._create_stage  # of this object: its class has the real one

    def is_valid(self) -> bool:
        """Return whether all that was restored is what its hash says."""
        wrong = [out for out in self.taken.outs if changed_files(out)]
        if wrong:
            names = ", ".join(map(str, wrong))
            self.say(f"{names}: not restored as its hash says, and so the stage runs")
            self._drop()  # a remote may have brought it
        return not wrong

    def _drop(self) -> None:
        for out in self.taken.outs:
            for path in damaged_objects(out):
                path.unlink()
                name = os.path.relpath(path)
                self.say(f"{name}: damaged in DVC's cache, so removed; what needs it is made again")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOutput:
    """An output that a lock file names."""

    stage: str  # DVC's address
    path: Path
    is_run: bool  # by a command: it can be made again
    out: Any


def locked_outputs(root: Path) -> list[LockedOutput]:
    """List every output with a hash."""
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        return [
            LockedOutput(
                stage=stage.addressing, path=Path(out.fs_path), is_run=bool(stage.cmd), out=out
            )
            for stage in repo.index.stages
            for out in stage.outs
            if out.hash_info and out.protocol == "local"
        ]  # fmt: skip
