"""What a stage reads: as it was when the stage started, and as it is when the stage has ended.

DVC hashes dependencies when a stage has ended.  People edit while a run goes on, and then a lock
entry names code and parameters that never ran.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit.runner.dvc_adapter.integrity import folder_hash
from foursplit.runner.stage_changes import Change, listing_changes, parameter_changes
from foursplit.stages import code

Stage = Any
"""DVC's own object, untyped."""

Stamp = tuple[int, int, int]
"""Time of the last writing, size and inode of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageInputs:
    """Hashes, parameter values and listings by the name of the dependency."""

    hashes: Mapping[str, str | None]  # None: the file is missing
    values: Mapping[str, Mapping[str, Any]]
    listed: Mapping[str, Mapping[str, str]]  # of folders
    stamps: Mapping[str, Stamp]  # of files that no stage writes
    code: Mapping[str, Mapping[str, str]]  # digests of the code as it is now


def collect_inputs(stage: Stage, is_made: Callable[[str], bool]) -> StageInputs:
    """Collect what `stage.save_deps` has just found."""
    hashes: dict[str, str | None] = {}
    values: dict[str, Mapping[str, Any]] = {}
    listed: dict[str, Mapping[str, str]] = {}
    stamps: dict[str, Stamp] = {}
    digests: dict[str, Mapping[str, str]] = {}
    for item in stage.deps:
        name = str(item)
        if item.hash_name == "params":
            values[name] = dict(item.hash_info.value)
            continue
        hashes[name] = item.hash_info.value if item.exists else None
        listed[name] = file_hashes(item, item.obj) if hashes[name] else {}
        if hashes[name] and item.protocol == "local" and code.is_digests(Path(item.fs_path)):
            digests[name] = code.present(Path(item.fs_path))
        if item.protocol == "local" and not is_made(item.fs_path):
            stamps |= _stamps(name, Path(item.fs_path), listed[name])
    return StageInputs(hashes=hashes, values=values, listed=listed, stamps=stamps, code=digests)


def _stamps(name: str, path: Path, files: Mapping[str, str]) -> dict[str, Stamp]:
    found = {}
    for key in files or [""]:
        try:
            seen = (path / key).stat()
        except FileNotFoundError:
            continue  # its hash tells
        found[os.path.join(name, key) if key else name] = (  # noqa: PTH118, a name to show
            seen.st_mtime_ns, seen.st_size, seen.st_ino,
        )  # fmt: skip
    return found


def compare_inputs(before: StageInputs, after: StageInputs) -> list[Change]:
    """List what changed between two looks at the same stage."""
    found = []
    for name, values in before.values.items():
        now = after.values.get(name, {})
        for key in dict.fromkeys([*values, *now]):
            found += parameter_changes(key, values.get(key), now.get(key))
    for name, value in before.hashes.items():
        now_value = after.hashes.get(name)
        if value != now_value:
            how = "modified" if now_value else "deleted"
            files = listing_changes(before.listed[name], after.listed[name]) if now_value else ()
            found.append(
                Change(
                    kind="dependency", name=name, how=how, before=value, after=now_value,
                    files=files,
                )
            )  # fmt: skip
    found += _edited_code(before, after)
    return found or _rewritten_files(before, after)


def _rewritten_files(before: StageInputs, after: StageInputs) -> list[Change]:
    """List files that were written meanwhile: a stage may have read them as they were between."""
    return [
        Change(kind="dependency", name=name, how="rewritten")
        for name, stamp in before.stamps.items()
        if after.stamps.get(name) != stamp
    ]


def is_digests(path: Path) -> bool:
    """Return whether a dependency is what the stage `code` writes."""
    return code.is_digests(path)


def code_changes(item: Any, known: Callable[[str | None], Mapping[str, str]]) -> list[Change]:
    """Compare the code of today with the digests that a stage's lock entry names."""
    path, before = Path(item.fs_path), item.hash_info.value if item.hash_info else None
    texts = code.texts(path)
    hashes = {name: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
              for name, text in texts.items()}  # fmt: skip
    after = hashes.get(path.name) or folder_hash(hashes)
    if after == before:
        return []
    files = listing_changes(known(before), code.present(path)) if known(before) else ()
    return [
        Change(kind="dependency", name=str(item), before=before, after=after, files=files),
    ]


def _edited_code(before: StageInputs, after: StageInputs) -> list[Change]:
    """List code that is no longer what its digests say, which the stage `code` wrote earlier."""
    return [
        Change(kind="dependency", name=name, files=listing_changes(before.listed[name], digests))
        for name, digests in after.code.items()
        if name in before.listed and digests != before.listed[name]
    ]


def file_hashes(item: Any, tree: Any) -> Mapping[str, str]:
    """Return the hash of each file of a folder, or the digests of code; else nothing."""
    path = Path(item.fs_path)
    if item.protocol == "local" and code.is_digests(path) and path.exists():
        return code.recorded(path)
    if tree is None or not tree.hash_info.isdir:
        return {}
    return {os.path.join(*key): found.value for key, _, found in tree}  # noqa: PTH118, DVC's keys
