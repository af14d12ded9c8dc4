"""Verify the bytes of DVC's cache and of outputs by their hashes.

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

from foursplit.runner.rerun_reasons import listing_changes

Stage = Any
"""DVC's own object, untyped."""

Echo = Callable[[str], None]

FOLDER_SUFFIX = ".dir"
"""Suffix of a folder's hash; the object is the list of its files."""

HASH_NAME = "md5"  # DVC's older text hash is left to DVC


def file_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def is_intact(path: Path, name: str) -> bool:
    """Return whether an object of the cache has the hash in its name."""
    return file_md5(path) == name.removesuffix(FOLDER_SUFFIX)


def read_listing(path: Path, name: str) -> dict[str, str] | None:
    """Read the files that a folder's object lists; None if it is missing or damaged."""
    if not path.is_file() or not is_intact(path, name):
        return None
    return {entry["relpath"]: entry[HASH_NAME] for entry in json.loads(path.read_bytes())}


def damaged_objects(out: Any) -> Iterator[Path]:
    """List the damaged objects of an output in the cache."""
    value = out.hash_info.value if out.hash_info else None
    if not value or out.hash_info.name != HASH_NAME or out.cache.fs.protocol != "local":
        return
    path = Path(out.cache.oid_to_path(value))
    names = {value: path}
    if value.endswith(FOLDER_SUFFIX):
        files = read_listing(path, value) or {}
        names |= {md5: Path(out.cache.oid_to_path(md5)) for md5 in files.values()}
    for name, object_path in names.items():
        if object_path.is_file() and not is_intact(object_path, name):
            yield object_path


def changed_files(out: Any) -> tuple[str, ...]:
    """List the files in which an output differs from its hash."""
    value, output_path = out.hash_info.value, Path(out.fs_path)
    if out.hash_info.name != HASH_NAME:
        return ()
    if not value.endswith(FOLDER_SUFFIX):
        return (
            ()
            if output_path.is_file() and file_md5(output_path) == value
            else (f"{output_path.name} changed",)
        )
    files = {
        Path(path).relative_to(output_path).as_posix(): file_md5(Path(path))
        for path in out.dvcignore.find(out.fs, out.fs_path)
    }
    if folder_hash(files) == value:
        return ()
    recorded = read_listing(Path(out.cache.oid_to_path(value)), value)
    return (
        listing_changes(recorded, files) if recorded is not None else ("some of its files changed",)
    )


def folder_hash(files: Mapping[str, str]) -> str:
    """Hash a folder as DVC does: the md5 of the list of its files' md5s."""
    entries = [{HASH_NAME: files[name], "relpath": name} for name in sorted(files)]
    text = json.dumps(entries, sort_keys=True).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest() + FOLDER_SUFFIX


class VerifiedRestore:
    """Restore of a stage by DVC, with its objects verified before and after."""

    def __init__(self, echo: Echo) -> None:
        self.echo = echo
        self.taken: Stage = None  # DVC's object with the restored outputs

    @contextmanager
    def removing_damaged(self, cache: Any) -> Iterator[None]:
        """Remove damaged objects before DVC's run-cache checks for them."""
        create = cache._create_stage

        def created(entry: Any, wdir: Any = None) -> Stage:
            self.taken = create(entry, wdir)
            self._drop()
            return self.taken

        cache._create_stage = created
        try:
            yield
        finally:
            del cache._create_stage  # of this instance: the class has the original

    def is_valid(self) -> bool:
        """Return whether all restored outputs have their recorded hashes."""
        wrong = [out for out in self.taken.outs if changed_files(out)]
        if wrong:
            names = ", ".join(map(str, wrong))
            self.echo(f"{names}: the restored content does not match its hash, so the stage runs")
            self._drop()  # a remote may have brought it
        return not wrong

    def _drop(self) -> None:
        for out in self.taken.outs:
            for path in damaged_objects(out):
                path.unlink()
                name = os.path.relpath(path)
                self.echo(
                    f"{name}: removed, since damaged in DVC's cache; its stages will run again"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOutput:
    """An output that a lock file names."""

    stage: str  # DVC's address
    path: Path
    is_run: bool  # by a command: it can be recomputed
    out: Any


def locked_outputs(root: Path) -> list[LockedOutput]:
    """List every local output with a hash."""
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        return [
            LockedOutput(
                stage=stage.addressing, path=Path(out.fs_path), is_run=bool(stage.cmd), out=out
            )
            for stage in repo.index.stages
            for out in stage.outs
            if out.hash_info and out.protocol == "local"
        ]
