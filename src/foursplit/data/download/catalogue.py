"""Read the catalogues of remote data sets, `datasets/catalogue.yaml` of each package."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from foursplit import plugins
from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit.core.errors import FoursplitError, unknown_name

CATALOGUE_PATH = "datasets/catalogue.yaml"
"""Path of a catalogue in the project's own or an installed package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """One file as published."""

    path: str  # in a mirror, and among the raw files
    sha256: str
    bytes: int
    url: str = ""  # empty: a derived file, which only a mirror has


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSelection:
    """Files of a repository that belong to the data set."""

    glob: str  # * within a folder, ** through folders
    first: int | None = None  # of each folder, by name; None: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository that holds the files one by one."""

    url: str
    commit: str
    take: tuple[FileSelection, ...]
    strip: str = ""  # path prefix that the archive omits
    leave_out: tuple[str, ...] = ()  # paths


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedArchive:
    """Many small files in one tar archive; `digest` is that of the unpacked files."""

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
class CatalogueEntry:
    """One data set: its files, licence, terms and citation."""

    about: str
    licence: str
    terms: Literal["free", "ask"]
    cite: str
    home: str
    why: str = ""  # its licence must be accepted
    attribute: bool = False  # the licence requires attribution
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
        """Size of the download."""
        packed = self.packed.bytes if self.packed else 0
        return packed + sum(file.bytes for file in self.files)


@cache
def _tree(path: Path, _stamp: tuple[int, int]) -> Mapping[str, Any]:
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def catalogue_files() -> list[Path]:
    """Return the paths of all catalogues, the project's own first."""
    return plugins.resources(CATALOGUE_PATH)


def entry_names(path: Path | None = None) -> list[str]:
    """Return the names of the data sets in one catalogue or in all."""
    catalogues = catalogue_files() if path is None else [path]
    return list(dict.fromkeys(name for file in catalogues for name in content(file)))


def load_entry(name: str, path: Path | None = None) -> CatalogueEntry:
    """Load one data set's entry; raise FoursplitError for an unknown name or field."""
    from foursplit.config.load import parse

    for file in catalogue_files() if path is None else [path]:
        if name in content(file):
            return parse(CatalogueEntry, content(file)[name], f"{file.name}: {name}")
    raise unknown_name("data set", name, entry_names(path), Path(CATALOGUE_PATH).name)


def content(path: Path) -> Mapping[str, Any]:
    """Return the entries of a catalogue by name, parsed once as long as the file stays the same."""
    stat = path.stat()
    return _tree(path, (stat.st_mtime_ns, stat.st_size))


def entries_of(dataset: DatasetSpec) -> dict[str, CatalogueEntry]:
    """Return the catalogue entries of a dataset by name; empty for bundled or local files."""
    entry_names = [file.entry for file in dataset.files if isinstance(file, RemoteFiles)]
    return {name: load_entry(name) for name in dict.fromkeys(entry_names)}


def selected_files(files: RemoteFiles) -> tuple[tuple[RemoteFile, ...], PackedArchive | None]:
    """Return the single files of an entry that a dataset reads, and its archive or None."""
    loaded = load_entry(files.entry)
    if not files.only:
        return loaded.files, loaded.packed
    by_name = {Path(file.path).name: file for file in loaded.files}
    for name in files.only:
        if name not in by_name:
            raise unknown_name("file", name, by_name, f"data set {files.entry}")
    return tuple(by_name[name] for name in files.only), None


def licences(dataset: DatasetSpec) -> str:
    """Return the licences of the published data sets that a data set reads."""
    texts = [f"{name}: {one.licence}" for name, one in entries_of(dataset).items()]
    return "; ".join([dataset.licence, *texts] if dataset.licence else texts)


def citations(dataset: DatasetSpec) -> str:
    """Return the citations for a dataset's data."""
    citations = [one.cite for one in entries_of(dataset).values()]
    return "; ".join([dataset.cite, *citations] if dataset.cite else citations)


def attributions(dataset: DatasetSpec) -> list[str]:
    """Return the attributions that these licences require."""
    return [
        f"{name}: {one.cite.rstrip('.')}. {one.licence}. {one.home}"
        for name, one in entries_of(dataset).items()
        if one.attribute
    ]
