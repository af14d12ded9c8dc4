"""Past runs of a comparison group: which tables were ever made, and which are still stored.

Three places record them: `data/predictions`, git's history of the lock files, and DVC's run-cache.
DVC's cache holds their files, named by the md5 of their content; nothing is fetched.

Source: dvc.org/doc/user-guide/project-structure/internal-files (layout of the cache).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.history.lock_files import (
    LockHistory,
    RecordedTables,
    tables_in_commits,
    tables_in_run_cache,
)
from foursplit.io import artifacts

UNFINISHED = ".part"

FOLDER = ".dir"
"""How the hash of a folder ends: its object is the list of its files."""

OBJECT = re.compile(r"[0-9a-f]{32}(\.dir)?")


class DamagedObjectError(FoursplitError):
    """A file of DVC's cache whose content is not what its name says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """The tables of one experiment and seed as one run of `evaluate` left them.

    `version` is DVC's md5 of the experiment's folder, alike for the seeds of a run; equal versions
    are one run, however often they were committed.  `files` gives each file of the seed's folder
    (`dev.parquet`, `summary.json`, …) by its name, where it is still held; `gone` names the others.
    `seed` is None where even the list of files is gone.  `params` are as the lock files name them
    (`experiments.<course>.<key>.fit`, `diagnosis`, …); empty where nobody noted them.
    """

    key: str
    seed: int | None
    version: str
    commit: str | None  # the first that holds it; None: never committed
    when: datetime  # of that commit; else of the run-cache's entry, or of the file
    present: bool  # it is what lies in data/predictions now
    files: Mapping[str, Path] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Describe where it is known from."""
        if self.present:
            return "present"
        return f"commit {self.commit[:7]}" if self.commit else "run-cache"

    def summary(self) -> dict[str, Any] | None:
        """Give what `evaluate` concluded then; None where it is gone."""
        if "summary.json" not in self.files:
            return None
        found: dict[str, Any] = artifacts.read_json(self.file("summary.json"))
        return found

    def file(self, name: str) -> Path:
        """Give a file to read; refuse one that DVC's cache holds damaged."""
        path = self.files[name]
        if not self.present:
            _require_whole(path)
        return path


def list_past_runs(group: str, commits: LockHistory | None = None) -> list[PastRun]:
    """List every run of the group's experiments that is known of, oldest first, each once.

    A run that was committed stands at its first commit, on whatever branch; the present one too.
    """
    cache = cache_folder()
    made: dict[tuple[str, str], RecordedTables] = {}
    for one in (
        *tables_in_commits(group, commits or LockHistory()),
        *tables_in_run_cache(group, cache),
    ):
        known = made.setdefault((one.key, one.version), one)
        if one.params and not known.params:
            made[one.key, one.version] = replace(known, params=one.params)
    present = list(_present(group, made))
    here = {(run.key, run.version) for run in present}
    others = [
        run for one in made.values() for run in _held(one, cache, (one.key, one.version) in here)
    ]
    runs = [*present, *(run for run in others if not run.present)]
    return sorted(runs, key=lambda run: (run.when, run.key, run.version, run.seed or 0))


def cache_folder() -> Path:
    """Find DVC's cache: `cache.dir` of its configuration, else .dvc/cache."""
    folder = paths.root() / ".dvc"
    found = folder / "cache"
    for name in ("config", "config.local"):  # the later one overrides
        config = ConfigParser(interpolation=None, strict=False)
        try:
            config.read(folder / name, encoding="utf-8")
        except (ConfigError, UnicodeDecodeError):
            continue
        if config.has_option("cache", "dir"):
            found = (folder / Path(config.get("cache", "dir").strip("\"'")).expanduser()).resolve()
    return found


def object_file(cache: Path, md5: str) -> Path:
    """Name the file under which DVC keeps a content; a folder's list ends in .dir."""
    return cache / "files" / "md5" / md5[:2] / md5[2:]


def _require_whole(path: Path) -> None:
    """Hold an object of the cache against its name, as nobody else does before it is read."""
    name = path.parent.name + path.name
    if OBJECT.fullmatch(name) and _md5(path.read_bytes()) != name.removesuffix(FOLDER):
        raise DamagedObjectError(
            f"{path}: damaged in DVC's cache: its content is not what its name says. Delete it, "
            "and the run counts as gone; `foursplit verify --here` looks for more of them"
        )


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _present(group: str, made: Mapping[tuple[str, str], RecordedTables]) -> Iterator[PastRun]:
    """Find the tables that lie in data/predictions, and what else is known of them."""
    folder = paths.predictions(group)
    for experiment in sorted(path for path in folder.glob("*") if path.is_dir()):
        if experiment.name.endswith(UNFINISHED):
            continue
        files = sorted(path for path in experiment.rglob("*") if path.is_file())
        if not files:
            continue
        version = folder_version(experiment, files)
        known = made.get((experiment.name, version))
        written = datetime.fromtimestamp(max(path.stat().st_mtime for path in files), UTC)
        for seed, named in _by_seed(str(p.relative_to(experiment)) for p in files).items():
            yield PastRun(
                key=experiment.name,
                seed=seed,
                version=version,
                commit=known.commit if known else None,
                when=known.when if known else written,
                present=True,
                files={name: experiment / path for name, path in named.items()},
                params=known.params if known else {},
            )


def folder_version(folder: Path, files: Sequence[Path]) -> str:
    """Hash a folder as DVC does: the md5 of the list of its files' md5s."""
    listed = [
        {
            "md5": _md5(path.read_bytes()),
            "relpath": path.relative_to(folder).as_posix(),
        }
        for path in files
    ]
    listed.sort(key=lambda entry: entry["relpath"])
    text = json.dumps(listed, sort_keys=True)
    return f"{_md5(text.encode())}{FOLDER}"


def _held(one: RecordedTables, cache: Path, present: bool) -> list[PastRun]:
    """Look in the cache for the files of a folder of tables, separated by seed."""
    run = PastRun(
        key=one.key,
        seed=None,
        version=one.version,
        commit=one.commit,
        when=one.when,
        present=present,
        params=one.params,
    )
    try:
        path = object_file(cache, one.version)
        _require_whole(path)
        md5 = {entry["relpath"]: entry["md5"] for entry in json.loads(path.read_bytes())}
    except (OSError, DamagedObjectError, ValueError, KeyError, TypeError):  # not there, or torn
        return [replace(run, gone=("the list of its files",))]
    runs = []
    for seed, named in _by_seed(md5).items():
        at = {name: object_file(cache, md5[path]) for name, path in named.items()}
        files = {name: path for name, path in at.items() if path.is_file()}
        gone = tuple(sorted(at.keys() - files.keys()))
        runs.append(replace(run, seed=seed, files=files, gone=gone))
    return runs


def _by_seed(relative: Iterable[str]) -> dict[int, dict[str, str]]:
    """Return for each seed the names in its folder, and their paths from the experiment's."""
    found: dict[int, dict[str, str]] = {}
    for path in relative:
        folder, _, name = path.partition("/")
        number = folder.removeprefix("seed_")
        if name and number.isdigit():
            found.setdefault(int(number), {})[name] = path
    return dict(sorted(found.items()))
