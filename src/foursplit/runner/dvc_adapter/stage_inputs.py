"""The inputs of a stage when it started, compared with those when it ended.

DVC hashes dependencies when a stage has ended.  If somebody edits during the run, the lock entry
would name code and parameters that never ran.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit.runner.dvc_adapter.integrity import folder_hash
from foursplit.runner.rerun_reasons import Change, listing_changes, parameter_changes
from foursplit.stages import code, members

Stage = Any
"""DVC's own object, untyped."""

Stamp = tuple[int, int, int]
"""Time of the last writing, size and inode of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageInputs:
    """Hashes, parameter values and file listings by dependency."""

    hashes: Mapping[str, str | None]  # None: the file is missing
    values: Mapping[str, Mapping[str, Any]]
    listings: Mapping[str, Mapping[str, str]]  # of folders
    stamps: Mapping[str, Stamp]  # of files that no stage writes
    code: Mapping[str, Mapping[str, str]]  # digests of the code as it is now


def collect_inputs(stage: Stage, is_stage_output: Callable[[str], bool]) -> StageInputs:
    """Collect the results of `stage.save_deps`."""
    hashes: dict[str, str | None] = {}
    values: dict[str, Mapping[str, Any]] = {}
    listings: dict[str, Mapping[str, str]] = {}
    stamps: dict[str, Stamp] = {}
    digests: dict[str, Mapping[str, str]] = {}
    for item in stage.deps:
        name = str(item)
        if item.hash_name == "params":
            values[name] = dict(item.hash_info.value)
            continue
        hashes[name] = item.hash_info.value if item.exists else None
        listings[name] = file_hashes(item, item.obj) if hashes[name] else {}
        if hashes[name] and item.protocol == "local" and code.is_digests(Path(item.fs_path)):
            digests[name] = code.present(Path(item.fs_path))
        if item.protocol == "local" and not is_stage_output(item.fs_path):
            stamps |= _stamps(name, Path(item.fs_path), listings[name])
    return StageInputs(hashes=hashes, values=values, listings=listings, stamps=stamps, code=digests)


def _stamps(name: str, path: Path, files: Mapping[str, str]) -> dict[str, Stamp]:
    stamps = {}
    for key in files or [""]:
        try:
            status = (path / key).stat()
        except FileNotFoundError:
            continue  # its hash shows it
        stamps[os.path.join(name, key) if key else name] = (  # noqa: PTH118, a name to show
            status.st_mtime_ns,
            status.st_size,
            status.st_ino,
        )
    return stamps


def compare_inputs(before: StageInputs, after: StageInputs) -> list[Change]:
    """List the changes between two states of a stage's inputs."""
    changes = []
    for name, values in before.values.items():
        values_now = after.values.get(name, {})
        for key in dict.fromkeys([*values, *values_now]):
            changes += parameter_changes(key, values.get(key), values_now.get(key))
    for name, value in before.hashes.items():
        now_value = after.hashes.get(name)
        if value != now_value:
            status = "modified" if now_value else "deleted"
            files = (
                listing_changes(before.listings[name], after.listings[name]) if now_value else ()
            )
            changes.append(
                Change(
                    kind="dependency",
                    name=name,
                    status=status,
                    before=value,
                    after=now_value,
                    files=files,
                )
            )
    changes += _edited_code(before, after)
    return changes or _rewritten_files(before, after)


def _rewritten_files(before: StageInputs, after: StageInputs) -> list[Change]:
    """List files rewritten meanwhile: the stage may have read an intermediate state."""
    return [
        Change(kind="dependency", name=name, status="rewritten")
        for name, stamp in before.stamps.items()
        if after.stamps.get(name) != stamp
    ]


def is_known_ahead(path: Path) -> bool:
    """Return whether a dependency is an output of the stages `code` or `members`."""
    return code.is_digests(path) or members.is_list(path)


def changes_ahead(
    item: Any, load_listing: Callable[[str | None], Mapping[str, str]]
) -> list[Change]:
    """Compare what the stages `code` and `members` would write now with a stage's lock entry."""
    path, before = Path(item.fs_path), item.hash_info.value if item.hash_info else None
    if members.is_list(path):
        after = hashlib.md5(members.text(path).encode(), usedforsecurity=False).hexdigest()
        change = Change(kind="dependency", name=str(item), before=before, after=after)
        return [] if after == before else [change]
    texts = code.texts(path)
    hashes = {
        name: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        for name, text in texts.items()
    }
    after = hashes.get(path.name) or folder_hash(hashes)
    if after == before:
        return []
    files = (
        listing_changes(load_listing(before), code.present(path)) if load_listing(before) else ()
    )
    return [
        Change(kind="dependency", name=str(item), before=before, after=after, files=files),
    ]


def _edited_code(before: StageInputs, after: StageInputs) -> list[Change]:
    """List code that differs from its digests, which the stage `code` wrote earlier."""
    return [
        Change(kind="dependency", name=name, files=listing_changes(before.listings[name], digests))
        for name, digests in after.code.items()
        if name in before.listings and digests != before.listings[name]
    ]


def file_hashes(item: Any, tree: Any) -> Mapping[str, str]:
    """Return the hash of each file of a folder, or the digests of code; else empty."""
    path = Path(item.fs_path)
    if item.protocol == "local" and code.is_digests(path) and path.exists():
        return code.recorded(path)
    if tree is None or not tree.hash_info.isdir:
        return {}
    return {os.path.join(*key): info.value for key, _, info in tree}  # noqa: PTH118, DVC's keys
