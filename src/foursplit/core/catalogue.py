"""The remote data sets that `sources/catalogue.yaml` lists, entry by entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from foursplit.core.errors import Refusal, unknown
from foursplit.core.source import BundledFile, OwnFile, RemoteFiles, Source

FILE = Path(__file__).parent.parent / "sources" / "catalogue.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """One file as published."""

    path: str  # in a mirror, and among the raw files
    sha256: str
    bytes: int
    url: str = ""  # empty: derived from what was published, so that only a mirror has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Which files of a repository belong to the data set."""

    glob: str  # * within a folder, ** through folders
    first: int | None = None  # of each folder, by name; None: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository that holds the files one by one."""

    url: str
    commit: str
    take: tuple[Take, ...]
    strip: str = ""  # beginning of the path that the archive leaves out
    leave_out: tuple[str, ...] = ()  # paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
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
class Human:
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
    human: Human | None = None
    files: tuple[RemoteFile, ...] = field(default=())
    packed: Packed | None = None

    def __post_init__(self) -> None:
        if (self.terms == "ask") != bool(self.why):
            raise Refusal(f"terms: {self.terms!r} and why: {self.why!r} do not go together")
        if not self.files and self.packed is None:
            raise Refusal("an entry needs `files` or `packed`")

    @property
    def bytes(self) -> int:
        """Size of what is fetched."""
        packed = self.packed.bytes if self.packed else 0
        return packed + sum(file.bytes for file in self.files)


@cache
def _tree(path: Path, _stamp: tuple[int, int]) -> Mapping[str, Any]:
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def names(path: Path | None = None) -> list[str]:
    """List the data sets."""
    path = path or FILE
    found = path.stat()
    return list(_tree(path, (found.st_mtime_ns, found.st_size)))


def entry(name: str, path: Path | None = None) -> Entry:
    """Read one data set's entry; a name or field that does not exist is refused."""
    from foursplit.core.params import parse

    path = path or FILE
    if name not in names(path):
        raise unknown("data set", name, names(path), path.name)
    found = path.stat()
    block = _tree(path, (found.st_mtime_ns, found.st_size))[name]
    return parse(Entry, block, f"{path.name}: {name}")


def entries(source: Source) -> dict[str, Entry]:
    """Give the entries that a source reads, by name; none for bundled or own files."""
    named = [file.entry for file in source.files if isinstance(file, RemoteFiles)]
    return {name: entry(name) for name in dict.fromkeys(named)}


def wanted(files: RemoteFiles) -> tuple[tuple[RemoteFile, ...], Packed | None]:
    """Give the files of an entry that a source reads, and its archive if it reads that."""
    found = entry(files.entry)
    if not files.only:
        return found.files, found.packed
    known = {Path(file.path).name: file for file in found.files}
    for name in files.only:
        if name not in known:
            raise unknown("file", name, known, f"data set {files.entry}")
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
