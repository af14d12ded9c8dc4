"""DVC's cache and lock files, read as files: what an output was, and whether it can be given back.

Source: dvc.org/doc/user-guide/project-structure/internal-files (layout of the cache).
"""

import filecmp
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from foursplit.config import paths
from foursplit.history.past_runs import cache_folder, object_file
from foursplit.io.artifacts import PART

FOLDER_SUFFIX = ".dir"

Listing = Mapping[str, str]
"""The md5 of each file of an output by its path in it; of a single file, under an empty path."""


def file_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, _hasher).hexdigest()


def _hasher() -> Any:
    return hashlib.md5(usedforsecurity=False)  # DVC's choice: it names contents, and guards nothing


def folder_md5(listing: Listing) -> str:
    """Hash a folder as DVC does: the md5 of the list of its files' md5s."""
    return f"{hashlib.md5(_as_bytes(listing), usedforsecurity=False).hexdigest()}{FOLDER_SUFFIX}"


def _as_bytes(listing: Listing) -> bytes:
    listed = [{"md5": md5, "relpath": name} for name, md5 in sorted(listing.items())]
    return json.dumps(listed, sort_keys=True).encode()


class DvcCache:
    """DVC's cache of this project."""

    def __init__(self) -> None:
        self.folder = cache_folder()

    def listing(self, md5: str | None) -> Listing | None:
        """Say what an output held; None where the cache does not know."""
        if md5 is None or not md5.endswith(FOLDER_SUFFIX):
            return {"": md5} if md5 else None
        try:
            listed = json.loads(object_file(self.folder, md5).read_text(encoding="utf-8"))
            return {one["relpath"]: one["md5"] for one in listed}
        except (OSError, ValueError, KeyError, TypeError):  # not there, or torn
            return None

    def holds(self, path: Path, md5: str | None) -> bool:
        """Tell whether the object of this hash has what lies at `path`, to the byte."""
        if md5 is None:
            return False
        there = object_file(self.folder, md5)
        if path.is_symlink():  # as DVC links from its cache, if it is set to
            return path.is_file() and path.resolve() == there.resolve()
        return there.is_file() and (path.samefile(there) or filecmp.cmp(path, there, shallow=False))

    def put(self, path: Path, md5: str) -> None:
        """Add a file whose hash is `md5` to the cache."""
        self._write(md5, lambda to: shutil.copyfile(path, to))

    def put_listing(self, listing: Listing) -> None:
        content = _as_bytes(listing)
        self._write(folder_md5(listing), lambda to: to.write_bytes(content))

    def _write(self, md5: str, write: Any) -> None:
        there = object_file(self.folder, md5)
        there.parent.mkdir(parents=True, exist_ok=True)
        aside = there.with_name(f".{there.name}.{os.getpid()}{PART}")
        try:
            write(aside)
            aside.chmod(0o444)
            aside.replace(there)
        finally:
            aside.unlink(missing_ok=True)


class RecordedOutputs:
    """What lock files, git's HEAD and DVC's run-cache say that stages wrote, by path and hash."""

    def __init__(self, cache: DvcCache) -> None:
        self.cache = cache
        self._read: dict[int, dict[str, set[str]]] = {}

    def hashes(self, path: Path) -> set[str]:
        """Give the hashes of every output that is known to have been at `path`."""
        name = path.relative_to(paths.root()).as_posix()
        return {md5 for found in self._outputs_naming(name) for md5 in found.get(name, ())}

    def below(self, path: Path) -> bool:
        """Tell whether an output is known below `path`."""
        name = f"{path.relative_to(paths.root()).as_posix()}/"
        return any(o.startswith(name) for found in self._outputs_naming(name) for o in found)

    def _outputs_naming(self, name: str) -> Iterator[dict[str, set[str]]]:
        """Parse those texts alone that name a path: to parse all takes a second."""
        for number, text in enumerate(self._texts):
            if f"path: {name}" in text:
                if number not in self._read:
                    self._read[number] = _output_hashes(text)
                yield self._read[number]

    @cached_property
    def _texts(self) -> list[str]:
        files = [*paths.locks(), *self.cache.folder.glob("runs/*/*/*")]
        here = [file.read_text("utf-8", "replace") for file in files if file.is_file()]
        return [*here, *_committed_lock_texts()]


def locked_hashes(outputs: Iterable[Path]) -> dict[Path, str]:
    """Give the hashes that the lock files of the working tree name for outputs."""
    names = {path.relative_to(paths.root()).as_posix(): path for path in outputs}
    found: dict[Path, str] = {}
    for file in paths.locks():
        text = file.read_text("utf-8", "replace") if file.is_file() else ""
        if any(f"path: {name}" in text for name in names):
            known = _output_hashes(text)
            found |= {names[name]: min(known[name]) for name in names.keys() & known.keys()}
    return found


def _output_hashes(text: str) -> dict[str, set[str]]:
    """List the outputs of a lock file, or of an entry of the run-cache; none where it is torn."""
    try:
        content = YAML(typ="safe").load(text)
    except YAMLError:
        return {}
    found: dict[str, set[str]] = {}
    if not isinstance(content, Mapping):
        return found
    stages = content.get("stages")
    for stage in stages.values() if isinstance(stages, Mapping) else [content]:
        for out in (stage.get("outs") if isinstance(stage, Mapping) else None) or ():
            if isinstance(out, Mapping) and out.get("path") and out.get("md5"):
                found.setdefault(str(out["path"]), set()).add(str(out["md5"]))
    return found


def _committed_lock_texts() -> list[str]:
    """Read the lock files of git's HEAD."""
    listed = run_git("ls-tree", "-r", "-z", "--name-only", "HEAD")
    names = [name for name in (listed or "").split("\0") if name.endswith("dvc.lock")]
    return [run_git("show", f"HEAD:./{name}") or "" for name in names]


def run_git(*arguments: str) -> str | None:
    """Ask git in the project; None where it has no answer."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=paths.root(), capture_output=True, check=False
        )
    except OSError:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def is_tracked(path: Path) -> bool:
    """Tell whether git tracks anything at or below `path`; also where git cannot say."""
    if not any((folder / ".git").exists() for folder in (paths.root(), *paths.root().parents)):
        return False
    listed = run_git("ls-files", "-z", "--", str(path))
    return listed is None or bool(listed)


def is_committed(path: Path) -> bool:
    """Tell whether git's HEAD holds a file as it is."""
    tracked = run_git("ls-files", "--error-unmatch", "--", str(path)) is not None
    return tracked and run_git("diff", "--quiet", "HEAD", "--", str(path)) is not None
