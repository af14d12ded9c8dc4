"""DVC's cache and lock files, read as files: former outputs, and whether they can be restored.

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
from foursplit.io.artifacts import PARTIAL_SUFFIX

FOLDER_SUFFIX = ".dir"

Listing = Mapping[str, str]
"""The md5 of each file of an output by its path in it; of a single file, under an empty path."""


def file_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, _hasher).hexdigest()


def _hasher() -> Any:
    return hashlib.md5(usedforsecurity=False)  # DVC's choice: an identifier, not a protection


def folder_md5(listing: Listing) -> str:
    """Hash a folder as DVC does: the md5 of the list of its files' md5s."""
    return f"{hashlib.md5(_as_bytes(listing), usedforsecurity=False).hexdigest()}{FOLDER_SUFFIX}"


def _as_bytes(listing: Listing) -> bytes:
    entries = [{"md5": md5, "relpath": name} for name, md5 in sorted(listing.items())]
    return json.dumps(entries, sort_keys=True).encode()


class DvcCache:
    """DVC's cache of this project."""

    def __init__(self) -> None:
        self.folder = cache_folder()

    def listing(self, md5: str | None) -> Listing | None:
        """Return the files of an output; None if the cache does not know."""
        if md5 is None or not md5.endswith(FOLDER_SUFFIX):
            return {"": md5} if md5 else None
        try:
            entries = json.loads(object_file(self.folder, md5).read_text(encoding="utf-8"))
            return {entry["relpath"]: entry["md5"] for entry in entries}
        except (OSError, ValueError, KeyError, TypeError):  # missing, or torn
            return None

    def has_content(self, path: Path, md5: str | None) -> bool:
        """Return whether the object with this hash has the same bytes as the file at `path`."""
        if md5 is None:
            return False
        cached_file = object_file(self.folder, md5)
        if path.is_symlink():  # DVC links from its cache if configured so
            return path.is_file() and path.resolve() == cached_file.resolve()
        return cached_file.is_file() and (
            path.samefile(cached_file) or filecmp.cmp(path, cached_file, shallow=False)
        )

    def add(self, path: Path, md5: str) -> None:
        """Add a file whose hash is `md5` to the cache."""
        self._write(md5, lambda target: shutil.copyfile(path, target))

    def add_listing(self, listing: Listing) -> None:
        content = _as_bytes(listing)
        self._write(folder_md5(listing), lambda target: target.write_bytes(content))

    def _write(self, md5: str, write: Any) -> None:
        target = object_file(self.folder, md5)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}{PARTIAL_SUFFIX}")
        try:
            write(partial)
            partial.chmod(0o444)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


class RecordedOutputs:
    """Outputs recorded in lock files, git's HEAD and DVC's run-cache, by path and hash."""

    def __init__(self, cache: DvcCache) -> None:
        self.cache = cache
        self._read: dict[int, dict[str, set[str]]] = {}

    def hashes(self, path: Path) -> set[str]:
        """Return the hashes of every output recorded at `path`."""
        name = path.relative_to(paths.root()).as_posix()
        return {md5 for outputs in self._outputs_naming(name) for md5 in outputs.get(name, ())}

    def has_below(self, path: Path) -> bool:
        """Return whether an output is recorded below `path`."""
        name = f"{path.relative_to(paths.root()).as_posix()}/"
        return any(
            output.startswith(name) for outputs in self._outputs_naming(name) for output in outputs
        )

    def _outputs_naming(self, name: str) -> Iterator[dict[str, set[str]]]:
        """Parse only the texts that name a path: to parse all takes a second."""
        for number, text in enumerate(self._texts):
            if f"path: {name}" in text:
                if number not in self._read:
                    self._read[number] = _output_hashes(text)
                yield self._read[number]

    @cached_property
    def _texts(self) -> list[str]:
        files = [*paths.locks(), *self.cache.folder.glob("runs/*/*/*")]
        texts = [file.read_text("utf-8", "replace") for file in files if file.is_file()]
        return [*texts, *_committed_lock_texts()]


def locked_hashes(outputs: Iterable[Path]) -> dict[Path, str]:
    """Return the hashes of outputs in the lock files of the working tree."""
    names = {path.relative_to(paths.root()).as_posix(): path for path in outputs}
    result: dict[Path, str] = {}
    for file in paths.locks():
        text = file.read_text("utf-8", "replace") if file.is_file() else ""
        if any(f"path: {name}" in text for name in names):
            recorded = _output_hashes(text)
            result |= {names[name]: min(recorded[name]) for name in names.keys() & recorded.keys()}
    return result


def _output_hashes(text: str) -> dict[str, set[str]]:
    """Return the output hashes of a lock file or a run-cache entry; empty if it is torn."""
    try:
        content = YAML(typ="safe").load(text)
    except YAMLError:
        return {}
    result: dict[str, set[str]] = {}
    if not isinstance(content, Mapping):
        return result
    stages = content.get("stages")
    for stage in stages.values() if isinstance(stages, Mapping) else [content]:
        for out in (stage.get("outs") if isinstance(stage, Mapping) else None) or ():
            if isinstance(out, Mapping) and out.get("path") and out.get("md5"):
                result.setdefault(str(out["path"]), set()).add(str(out["md5"]))
    return result


def _committed_lock_texts() -> list[str]:
    """Read the lock files of git's HEAD."""
    output = run_git("ls-tree", "-r", "-z", "--name-only", "HEAD")
    names = [name for name in (output or "").split("\0") if name.endswith("dvc.lock")]
    return [run_git("show", f"HEAD:./{name}") or "" for name in names]


def run_git(*arguments: str) -> str | None:
    """Run git in the project; None if it fails."""
    try:
        process = subprocess.run(
            ["git", *arguments], cwd=paths.root(), capture_output=True, check=False
        )
    except OSError:
        return None
    return process.stdout.decode("utf-8", "replace") if process.returncode == 0 else None


def is_tracked(path: Path) -> bool:
    """Return whether git tracks anything at or below `path`; true if git fails."""
    if not any((folder / ".git").exists() for folder in (paths.root(), *paths.root().parents)):
        return False
    output = run_git("ls-files", "-z", "--", str(path))
    return output is None or bool(output)


def is_committed(path: Path) -> bool:
    """Return whether git's HEAD has a file unchanged."""
    tracked = run_git("ls-files", "--error-unmatch", "--", str(path)) is not None
    return tracked and run_git("diff", "--quiet", "HEAD", "--", str(path)) is not None
