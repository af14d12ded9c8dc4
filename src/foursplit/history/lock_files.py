"""Which folders of prediction tables the lock files of git's history and DVC's run-cache name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from foursplit.config import paths
from foursplit.io import git
from foursplit.io.disk_cache import cached_result

LOCKS = "pipelines/**/dvc.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTables:
    """A folder of tables that a lock file or the run-cache names."""

    key: str
    version: str
    commit: str | None
    when: datetime
    params: dict[str, Any]


class LockHistory:
    """The lock files that any commit of any branch wrote, asked of git once."""

    def __init__(self) -> None:
        self.changes = _lock_changes()
        self.texts = _blobs([blob for _, _, blob in self.changes])


def tables_in_commits(group: str, commits: LockHistory) -> Iterator[RecordedTables]:
    """Read every lock file of git's history, oldest first, where it names tables not seen yet.

    Lock files are distinguished by git's own hash and searched as text; YAML, which takes a hundred
    times as long, is read only where a text names something new.
    """
    named = re.compile(
        rf"path: ['\"]?{re.escape(_tables(group))}([^/\n]+?)['\"]?\n"
        r"(?:\s+hash: md5\n)?\s+md5: (\w+\.dir)\n"
    )
    seen: set[tuple[str, str]] = set()
    for commit, when, blob in commits.changes:
        text = commits.texts.get(blob, "")
        new = {*named.findall(text)} - seen
        if not new:
            continue
        seen |= new
        # What git names by its content never changes.
        noted = cached_result("locks", blob, partial(_noted, text))
        for key, version in sorted(new):
            params = {**noted.get(f"train@{key}", {}), **noted.get(f"evaluate@{key}", {})}
            yield RecordedTables(key=key, version=version, commit=commit, when=when, params=params)


def _noted(text: str) -> dict[str, Any]:
    """Return what a lock file notes of params.yaml for each training and its evaluation."""
    stages = (_yaml(text) or {}).get("stages") or {}
    return {
        name: _params(entry)
        for name, entry in stages.items()
        if name.startswith(("train@", "evaluate@"))
    }


def _lock_changes() -> list[tuple[str, datetime, str]]:
    """List (commit, time, blob) of every lock file that any commit of any branch wrote."""
    git.require_readable()
    log = git.query(
        "log",
        "--all",
        "--full-history",
        "-m",
        "--reverse",
        "--date-order",
        "--raw",
        "--no-abbrev",
        "--no-renames",
        "--format=commit %H %ct",
        "--",
        f":(glob){LOCKS}",
    )
    found: list[tuple[str, datetime, str]] = []
    commit, when = "", datetime.fromtimestamp(0, UTC)
    for line in (log or "").splitlines():
        if line.startswith("commit "):
            _, commit, seconds = line.split()[:3]
            when = datetime.fromtimestamp(int(seconds), UTC)
        elif line.startswith(":"):
            blob = line.split()[3]
            if blob.strip("0"):  # all zeros: the file was deleted
                found.append((commit, when, blob))
    return found


def _blobs(names: Sequence[str]) -> dict[str, str]:
    """Read the contents that git keeps under these hashes, in one call."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    output = git.query_bytes("cat-file", "--batch", stdin="\n".join(wanted).encode()) or b""
    found, at = {}, 0
    while at < len(output):
        end = output.index(b"\n", at)
        head = output[at:end].split()
        at = end + 1
        if len(head) != 3:  # "<hash> missing", in a clone that has a part of the history
            continue
        size = int(head[2])
        found[head[0].decode()] = output[at : at + size].decode("utf-8", "replace")
        at += size + 1
    return found


def tables_in_run_cache(group: str, cache: Path) -> list[RecordedTables]:
    """Read the runs that DVC keeps to restore, oldest first.

    An entry of `evaluate` names the models that it scored; the entry of `train` that made them
    holds what they were trained with.
    """
    entries = [
        (path, path.read_text(encoding="utf-8"))
        for path in cache.glob("runs/??/*/*")
        if path.is_file() and not path.name.endswith(".tmp")
    ]
    models = _relative(paths.models(group, ""))
    trained = {}
    for _, text in entries:
        if text.startswith("cmd: foursplit stage train ") and models in text:
            entry = _yaml(text) or {}
            trained[_md5(entry.get("outs"), models)] = entry
    found = []
    for path, text in entries:
        if not text.startswith("cmd: foursplit stage evaluate ") or f"/{group}/" not in text:
            continue
        entry = _yaml(text) or {}
        version = _md5(entry.get("outs"), _tables(group))
        if version is None:
            continue
        key = str(entry["cmd"]).removeprefix("foursplit stage evaluate ").strip()
        train = trained.get(_md5(entry.get("deps"), models))
        when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        params = _params(train, entry)
        found.append(
            RecordedTables(key=key, version=version, commit=None, when=when, params=params)
        )
    return sorted(found, key=lambda one: (one.when, one.key))


def _tables(group: str) -> str:
    return _relative(paths.predictions(group))


def _relative(folder: Path) -> str:
    """Name a folder as lock files do, from the root, with a slash behind it."""
    return f"{folder.relative_to(paths.root()).as_posix()}/"


def _md5(listed: Any, prefix: str) -> str | None:
    """Return the hash of the first output or dependency whose path begins so."""
    for one in listed or ():
        if str(one.get("path", "")).startswith(prefix):
            return one.get("md5")
    return None


def _params(*stages: Any) -> dict[str, Any]:
    """Join what lock entries note of params.yaml."""
    found: dict[str, Any] = {}
    for stage in stages:
        found.update(((stage or {}).get("params") or {}).get("params.yaml") or {})
    return found


def _yaml(text: str) -> Any:
    """Read YAML; what is torn or in conflict counts as nothing."""
    try:
        return YAML(typ="safe").load(text)
    except YAMLError:
        return None
