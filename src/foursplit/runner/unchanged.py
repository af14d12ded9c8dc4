"""Recognize that nothing has changed since the last run, by the states of the files.

As git's index does: a file whose times, size and inode are the same is the same.  DVC trusts such
numbers too, but it parses every dvc.yaml and lock file before it compares.
`foursplit verify --here` compares contents.
"""

import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts

Stamp = tuple[int, int, int, int]
"""Times of modification and of the last change of state, in nanoseconds; bytes; inode."""

FOLDERS = ("data", "src", "pipelines", "reports")
FILES = (
    "params.yaml", "dvc.yaml", "dvc.lock", "pyproject.toml", "requirements-numeric.lock",
    "metrics.json", "metrics.full.json", ".dvcignore", ".dvc/config", ".dvc/config.local",
)  # fmt: skip
"""What a run may read or write, whatever the pipelines name besides."""

VARIABLES = ("FOURSPLIT_", "MLFLOW_", "DVC_")
"""Prefixes of environment variables that change what a run does."""

STYLE_VARIABLES = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM")
"""Environment variables that change how the table is printed."""

RACY_NS = 100_000_000  # a younger file could change without a new time

NOT_SEARCHED = " (not searched)"

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
                found[f"{path} ->"] = _stamp(os.stat(path))  # noqa: PTH116
        except FileNotFoundError:
            continue
        except OSError:
            found[f"{path}{NOT_SEARCHED}"] = (0, 0, 0, 0)
    return found


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


class RunWatch:
    """The states of the project's files before a run, to compare with those after it."""

    def __init__(self) -> None:
        root = paths.root()
        self.conditions = _conditions()  # before the run sets variables of its own
        self.roots = [str(root / name) for name in (*FOLDERS, *FILES)]
        self.before = stamps(self.roots)
        self.outputs: list[str] = []  # of the stages that ran
        self.committed: dict[str, Stamp] = {}  # their files, when they had been hashed
        self.repeatable = True  # False if a stage runs each time

    def add(self, files: Iterable[str]) -> None:
        """Watch files and folders that the pipelines name outside of the usual ones."""
        inside = tuple(f"{root}{os.sep}" for root in self.roots)
        more = sorted({file for file in files if not file.startswith(inside)} - {*self.roots})
        self.before |= stamps(more)
        self.roots += more

    def commit(self, outputs: Iterable[str]) -> None:
        """Remember the states of a stage's outputs, which have just been hashed."""
        paths_of_stage = [*outputs]
        self.outputs += paths_of_stage
        self.committed |= stamps(paths_of_stage)

    def record(self, text: str) -> None:
        """Write the states, and what the run printed, unless somebody edited files meanwhile.

        What the run wrote is known by its states when it was hashed; lock files are the run's own.
        """
        after = stamps(self.roots)
        written = tuple(f"{output}{os.sep}" for output in self.outputs)
        expected = {
            path: stamp
            for path, stamp in self.before.items()
            if not path.startswith(written) and path not in self.outputs
        } | self.committed
        youngest = max((stamp[0] for stamp in after.values()), default=0)
        if (
            not self.repeatable
            or any(path.endswith(NOT_SEARCHED) for path in after)
            or time.time_ns() - youngest < RACY_NS
            or _without_locks(after) != _without_locks(expected)
        ):
            _file().unlink(missing_ok=True)
            return
        content = {"roots": self.roots, "files": after, "text": text, **self.conditions}
        artifacts.write_json(_file(), content)


def _without_locks(files: Mapping[str, Stamp]) -> dict[str, Stamp]:
    return {path: stamp for path, stamp in files.items() if not path.endswith("dvc.lock")}


def recorded_text() -> str | None:
    """Return what the last run printed if nothing has changed since, else None."""
    try:
        content: dict[str, Any] = artifacts.read_json(_file())
        if any(content[name] != value for name, value in _conditions().items()):
            return None
        files = {path: tuple(stamp) for path, stamp in content["files"].items()}
        text: str = content["text"]
        return text if stamps(content["roots"]) == files else None
    except (FoursplitError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # there is none, or it was cut short: the run finds out by itself


def _conditions() -> dict[str, Any]:
    """Return what else decides what a run does and prints."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(VARIABLES) or name in STYLE_VARIABLES
    }
    is_terminal = sys.stdout.isatty()
    return {
        "variables": variables,
        "is_terminal": is_terminal,
        "columns": os.get_terminal_size(sys.stdout.fileno()).columns if is_terminal else 0,
        "encoding": sys.stdout.encoding,
        "python": sys.executable,
        "has_store": (paths.root() / "mlflow.db").is_file(),
        "has_leftovers": (paths.state() / "workers.json").exists(),
    }


def _file() -> Path:
    return paths.state() / "unchanged.json"
