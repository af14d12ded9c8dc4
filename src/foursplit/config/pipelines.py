"""The two pipelines: the default one, and `full` on remote data; a name says which it is of.

`full` is a section of params.yaml with datasets, groups, experiments and lessons of its own.
Its stages stand in pipelines/full/, and what they write lies under data/full/ and reports/full/:
the default pipeline's report depends on whole folders of data/, and DVC would run all that writes
below them.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from foursplit.core import bounded_yaml

Pipeline = Literal["", "full"]
"""The default pipeline has no name."""

FULL: Pipeline = "full"

FileVersion = tuple[int, int, int]


def tree(file: Path) -> Any:
    """Parse params.yaml, once as long as it stays the same."""
    return _parsed(file, version(file))


def version(file: Path) -> FileVersion:
    """Return what changes when a file is written: modification time, size and inode."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


@cache
def _parsed(file: Path, _version: FileVersion) -> Any:
    return bounded_yaml.load(file)


def of_dataset(file: Path, name: str) -> Pipeline:
    """Return the pipeline of a dataset in the params file; the default one if it is in neither."""
    return FULL if name in _names(file, "datasets") else ""


def of_group(file: Path, name: str) -> Pipeline:
    """Return the pipeline of a comparison group."""
    return FULL if name in _names(file, "groups") else ""


def of_lesson(file: Path, name: str) -> Pipeline:
    """Return the pipeline of a lesson."""
    return FULL if name in _names(file, "lessons") else ""


def _names(file: Path, kind: Literal["datasets", "groups", "lessons"]) -> set[str]:
    content = tree(file)
    section = content.get(FULL) if isinstance(content, Mapping) else None
    block = section.get(kind) if isinstance(section, Mapping) else None
    if not isinstance(block, Mapping):
        return set()  # what is wrong with the file, params.load says
    if kind == "datasets":
        return set(block)
    return {name for groups in block.values() if isinstance(groups, Mapping) for name in groups}


def home(pipeline: Pipeline, course: str) -> str:
    """Return the name of a course's folder below pipelines/."""
    return f"{pipeline}/{course}" if pipeline else course


def key(pipeline: Pipeline, name: str) -> str:
    """Return the name of a block of params.yaml, as DVC and people write it."""
    return f"{pipeline}.{name}" if pipeline else name
