"""Recognize that nothing has changed since the last run, by the states of the files.

As git's index does: a file whose times, size and inode are the same is the same, and one that was
hashed so soon after it was written that an edit might leave its times is compared by its hash.  DVC
trusts such numbers too, but it parses every dvc.yaml and lock file before it compares.
`foursplit verify --here` compares contents.
"""

import hashlib
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts

Stamp = tuple[int, int, int, int]
"""Times of modification and of the last change of state, in nanoseconds; bytes; inode."""

PACKAGE = Path(__file__).resolve().parent.parent
"""The folder of the code that runs."""

FOLDERS = ("data", "src", "pipelines", "reports")
FILES = (
    "params.yaml", "dvc.yaml", "dvc.lock", "pyproject.toml", "requirements-numeric.lock",
    "metrics.json", "metrics.full.json", ".dvcignore", ".dvc/config", ".dvc/config.local",
)  # fmt: skip
"""What a run may read or write, whatever the pipelines name besides."""

VARIABLES = ("FOURSPLIT_", "MLFLOW_", "DVC_", "PYTHON")
"""Prefixes of environment variables that change what a run does."""

STYLE_VARIABLES = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM")
"""Environment variables that change how the table is printed."""

INSTALLED = ("site-packages", "dist-packages")
"""Folders whose own times change when a package is installed, upgraded or removed."""

RACY_NS = 100_000_000  # a younger file could change without a new time

NOT_SEARCHED = " (not searched)"

TARGET = " ->"  # ends the key of a link's target

GENERATED = ("__pycache__",)  # folders whose files no run depends on


def stamps(roots: Iterable[str]) -> dict[str, Stamp]:
    """Return the state of each file at or below `roots`; of a link also that of its target.

    A folder behind a link, or one that cannot be read, gets a key that ends in NOT_SEARCHED.
    """
    found: dict[str, Stamp] = {}
    todo = [*roots]
    while todo:
        path = todo.pop()
        try:
            if os.path.islink(path) and os.path.isdir(path):  # noqa: PTH112, PTH114
                found[f"{path}{NOT_SEARCHED}"] = _stamp(os.lstat(path))
                continue
            if os.path.isdir(path):  # noqa: PTH112, many files: paths as text are faster
                with os.scandir(path) as entries:
                    todo += [entry.path for entry in entries if entry.name not in GENERATED]
                continue
            found[path] = _stamp(os.lstat(path))
            if os.path.islink(path):  # noqa: PTH114
                found[f"{path}{TARGET}"] = _stamp(os.stat(path))  # noqa: PTH116
        except FileNotFoundError:
            continue
        except OSError:
            found[f"{path}{NOT_SEARCHED}"] = (0, 0, 0, 0)
    return found


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _is_racy(stamp: Stamp, now: int) -> bool:
    """Return whether a file is so young at `now` that an edit could leave its times."""
    return now - max(stamp[:2]) < RACY_NS


class RunWatch:
    """The states of the project's files before a run, to compare with those after it."""

    def __init__(self, targets: Sequence[str] = ()) -> None:
        root = paths.root()
        self.file = _file(targets)
        self.conditions = _conditions()  # before the run sets variables of its own
        self.roots = [str(root / name) for name in (*FOLDERS, *FILES)]
        if not PACKAGE.is_relative_to(root):
            self.roots.append(str(PACKAGE))
        self.before = stamps(self.roots)
        self.cache = ""  # the folder of DVC's cache
        self.outputs: list[str] = []  # of the stages that ran
        self.committed: dict[str, Stamp] = {}  # their files, when they had been hashed
        self.hashes: dict[str, str | None] = {}  # md5 of those that were racy then
        self.repeatable = True  # False if a stage runs each time

    def add(self, files: Iterable[str], *, cache: str = "") -> None:
        """Watch files and folders outside of the usual ones, and the folders of DVC's cache."""
        self.cache = cache or self.cache
        inside = tuple(f"{root}{os.sep}" for root in self.roots)
        more = sorted({file for file in files if not file.startswith(inside)} - {*self.roots})
        found = stamps(more)
        now = _file_system_time()
        if any(_is_racy(stamp, now) for stamp in found.values()):
            self.repeatable = False
        self.before |= found
        self.roots += more

    def commit(self, outputs: Mapping[str, Mapping[str, str]]) -> None:
        """Remember the states of a stage's outputs, which have just been hashed.

        `outputs` holds for each output the md5 of its files by their paths.
        """
        found = stamps(outputs)
        now = _file_system_time()
        self.outputs += outputs
        self.committed |= found
        hashes = {path: md5 for files in outputs.values() for path, md5 in files.items()}
        for path in (path for path, stamp in found.items() if _is_racy(stamp, now)):
            self.hashes[path.removesuffix(TARGET)] = hashes.get(path.removesuffix(TARGET))

    def commit_folder(self, folder: Path) -> None:
        """Remember the states of a folder that the run itself has just written, without a stage."""
        files = [str(path) for path in folder.rglob("*") if path.is_file()]
        self.commit({str(folder): {path: _md5(path) or "" for path in files}})

    def record(self, text: str) -> None:
        """Write the states, and what the run printed, unless somebody edited files meanwhile.

        What the run wrote is known by its states when it was hashed; lock files are the run's own.
        """
        self.file.unlink(missing_ok=True)
        after = self._settled()
        written = tuple(f"{output}{os.sep}" for output in self.outputs)
        expected = {
            path: stamp
            for path, stamp in self.before.items()
            if not path.startswith(written) and path not in self.outputs
        } | self.committed
        if (
            not self.repeatable
            or after is None
            or any(path.endswith(NOT_SEARCHED) for path in after)
            or _without_locks(after) != _without_locks(expected)
            or any(_md5(path) != md5 for path, md5 in self.hashes.items())
        ):
            return
        content = {
            "roots": self.roots, "files": after, "cache": self.cache, "text": text,
            "objects": _folder_stamps(self.cache), **self.conditions,
        }  # fmt: skip
        artifacts.write_json(self.file, content)

    def _settled(self) -> dict[str, Stamp] | None:
        """Return the states of all files once none is racy; None if one stays so."""
        for wait in (0, RACY_NS):
            time.sleep(wait / 1e9)
            after = stamps(self.roots)
            now = _file_system_time()
            if not any(_is_racy(stamp, now) for stamp in after.values()):
                return after
        return None


def _file_system_time() -> int:
    """Return the time, in nanoseconds, that the file system gives to a file written now."""
    path = paths.state() / "clock"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")
    return path.stat().st_mtime_ns


def _md5(path: str) -> str | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError:
        return None


def _folder_stamps(folder: str) -> dict[str, Stamp]:
    """Return the states of the folders in a folder; they change as files come and go."""
    try:
        with os.scandir(folder or os.devnull) as entries:
            return {entry.name: _stamp(entry.stat()) for entry in entries if entry.is_dir()}
    except OSError:
        return {}


def _without_locks(files: Mapping[str, Stamp]) -> dict[str, Stamp]:
    return {path: stamp for path, stamp in files.items() if not path.endswith("dvc.lock")}


def recorded_text(targets: Sequence[str] = ()) -> str | None:
    """Return what the last run of `targets` printed if nothing has changed since, else None."""
    try:
        content: dict[str, Any] = artifacts.read_json(_file(targets))
        if any(content[name] != value for name, value in _conditions().items()):
            return None
        text: str = content["text"]
        is_same = stamps(content["roots"]) == _stamps_of(content["files"]) and _folder_stamps(
            content["cache"]
        ) == _stamps_of(content["objects"])
        return text if is_same else None
    except (FoursplitError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # there is none, or it was cut short: the run finds out by itself


def _stamps_of(content: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    return {path: tuple(stamp) for path, stamp in content.items()}


def _conditions() -> dict[str, Any]:
    """Return what else decides what a run does and prints."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(VARIABLES) or name in STYLE_VARIABLES
    }
    is_terminal = sys.stdout.isatty()
    return {
        "root": str(paths.root()),  # a copy of the project brings its record along
        "variables": variables,
        "is_terminal": is_terminal,
        "columns": os.get_terminal_size(sys.stdout.fileno()).columns if is_terminal else 0,
        "encoding": sys.stdout.encoding,
        "python": [sys.executable, sys.version],
        "installed": installed(),
        "has_store": (paths.root() / "mlflow.db").is_file(),
        "has_leftovers": (paths.state() / "workers.json").exists(),
    }


def installed() -> dict[str, list[int]]:
    """Return the states of the folders that packages are installed into."""
    folders = {path for path in sys.path if os.path.basename(path) in INSTALLED}  # noqa: PTH119
    return {path: list(_stamp(os.stat(path))) for path in sorted(folders)}  # noqa: PTH116


def _file(targets: Sequence[str]) -> Path:
    """Return the file with the record of the last run of these targets."""
    name = hashlib.sha256("\n".join(targets).encode()).hexdigest()[:16] if targets else "all"
    return paths.state() / "unchanged" / f"{name}.json"
