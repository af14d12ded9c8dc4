"""The remote data sets that the packages' `datasets/catalogue.yaml` list, entry by entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from foursplit import plugins
from foursplit.core.dataset_spec import BundledFile, OwnFile, RemoteFiles, Source
from foursplit.core.errors import FoursplitError, unknown_name

CATALOGUE_PATH = "datasets/catalogue.yaml"
"""Path of a catalogue in the project's own or an installed package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """One file as published."""

    path: str  # in a mirror, and among the raw files
    sha256: str
    bytes: int
    url: str = ""  # empty: derived from what was published, so that only a mirror has it


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSelection:
    """Which files of a repository belong to the data set."""

    glob: str  # * within a folder, ** through folders
    first: int | None = None  # of each folder, by name; None: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository that holds the files one by one."""

    url: str
    commit: str
    take: tuple[FileSelection, ...]
    strip: str = ""  # beginning of the path that the archive leaves out
    leave_out: tuple[str, ...] = ()  # paths


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedArchive:
    """Many small files in one tar archive; `digest` names what they unpack to."""

    path: str
    sha256: str
    bytes: int
    members: int
    unpacked_bytes: int
    digest: str
    repository: Repository | None = None
    only_in_mirrors: str = ""  # why there is no repository


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedHumanLevel:
    """A published human level; `recalled` means quoted from memory."""

    error: float
    where: str
    recalled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One data set: its files, its terms, whom to cite."""

    about: str
    licence: str
    terms: Literal["free", "ask"]
    cite: str
    home: str
    why: str = ""  # it must be asked for
    attribute: bool = False  # the licence asks that its authors are named
    human: PublishedHumanLevel | None = None
    files: tuple[RemoteFile, ...] = field(default=())
    packed: PackedArchive | None = None

    def __post_init__(self) -> None:
        if (self.terms == "ask") != bool(self.why):
            raise FoursplitError(f"terms: {self.terms!r} and why: {self.why!r} do not go together")
        if not self.files and self.packed is None:
            raise FoursplitError("an entry needs `files` or `packed`")

    @property
    def bytes(self) -> int:
        """Size of what is fetched."""
        packed = self.packed.bytes if self.packed else 0
        return packed + sum(file.bytes for file in self.files)


@cache
def _tree(path: Path, _stamp: tuple[int, int]) -> Mapping[str, Any]:
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def files() -> list[Path]:
    """Return the catalogues that there are, the project's own first."""
    return plugins.resources(CATALOGUE_PATH)


def names(path: Path | None = None) -> list[str]:
    """Return the names of the data sets, of one catalogue or of all."""
    chosen = files() if path is None else [path]
    return list(dict.fromkeys(name for file in chosen for name in _content(file)))


def entry(name: str, path: Path | None = None) -> Entry:
    """Load one data set's entry; raise FoursplitError for a name or a field that does not exist."""
    from foursplit.config.load import parse

    for file in files() if path is None else [path]:
        if name in _content(file):
            return parse(Entry, _content(file)[name], f"{file.name}: {name}")
    raise unknown_name("data set", name, names(path), Path(CATALOGUE_PATH).name)


def _content(path: Path) -> Mapping[str, Any]:
    found = path.stat()
    return _tree(path, (found.st_mtime_ns, found.st_size))


def entries(source: Source) -> dict[str, Entry]:
    """Give the entries that a source reads, by name; none for bundled or own files."""
    named = [file.entry for file in source.files if isinstance(file, RemoteFiles)]
    return {name: entry(name) for name in dict.fromkeys(named)}


def selected_files(files: RemoteFiles) -> tuple[tuple[RemoteFile, ...], PackedArchive | None]:
    """Give the files of an entry that a source reads, and its archive if it reads that."""
    found = entry(files.entry)
    if not files.only:
        return found.files, found.packed
    known = {Path(file.path).name: file for file in found.files}
    for name in files.only:
        if name not in known:
            raise unknown_name("file", name, known, f"data set {files.entry}")
    return tuple(known[name] for name in files.only), None


def licence(source: Source) -> str:
    """Say under which licence a source's data is, data set by data set."""
    found = [f"{name}: {one.licence}" for name, one in entries(source).items()]
    return "; ".join([source.licence, *found] if source.licence else found)


def cite(source: Source) -> str:
    """Say whom to cite for a source's data."""
    found = [one.cite for one in entries(source).values()]
    return "; ".join([source.cite, *found] if source.cite else found)


def attributions(source: Source) -> list[str]:
    """Word what the licences of a source's data sets ask a report to say."""
    return [
        f"{name}: {one.cite.rstrip('.')}. {one.licence}. {one.home}"
        for name, one in entries(source).items()
        if one.attribute
    ]


def is_remote(source: Source) -> bool:
    """Tell whether a source reads anything that has to be fetched."""
    return not all(isinstance(file, BundledFile | OwnFile) for file in source.files)
