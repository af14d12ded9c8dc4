"""What a data set declares about itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from foursplit.core.column import Column

Role = Literal["source", "target"]
"""A domain the model learns from, or the one it is meant for."""

UNPACKED = "unpacked"
"""Folder of a data set's packed files, among the raw ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledFile:
    """A file that an installed package carries."""

    package: str  # import name; located, not imported
    path: str  # inside the package
    sha256: str
    rename: str = ""  # the name it gets among the raw files; its own where empty

    @property
    def name(self) -> str:
        return self.rename or Path(self.path).name


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file of the user's, in this project; DVC watches it, so no hash is pinned."""

    path: str  # from the project's root

    @property
    def name(self) -> str:
        return Path(self.path).name


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFiles:
    """The files of a published data set that a data set reads; see `datasets/catalogue.yaml`.

    Among the raw files they lie under the catalogue's paths, which begin with the data set's name;
    what was packed lies in `<data set>/unpacked/`.
    """

    entry: str  # name in the catalogue
    only: tuple[str, ...] = ()  # names of the files wanted; empty: all there are


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLevel:
    """The error that the ledger measures avoidable bias against."""

    error: float  # a fraction
    kind: Literal["human", "best known"]
    citation: str  # who measured it, and how


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """Where a data set comes from, what its columns mean, and how its rows hang together."""

    title: str
    provenance: str
    files: tuple[BundledFile | LocalFile | RemoteFiles, ...]
    target: str  # the column to predict; empty where the target is one of `further`
    licence: str = ""  # of files that are not in the catalogue, which knows its own
    cite: str = ""  # the same
    classes: tuple[str, ...] = ()  # names of the target's values 0, 1, …; empty: a quantity
    unit: str = ""  # of a quantity
    features: tuple[str, ...] = ()  # columns that form x; empty: read() returns x itself
    columns: Mapping[str, Column] = field(default_factory=dict)  # raw inputs, for preprocessing
    group: str | None = None  # column whose groups are never divided; None: the row is the unit
    row_is_unit: str = ""  # why, where `group` is None
    time: str | None = None  # column that orders rows in time: dates or numbers
    show: tuple[str, ...] = ()  # columns that people recognise a row by; never for learning
    domains: Mapping[str, Role] = field(default_factory=lambda: {"all": "source"})
    slices: tuple[str, ...] = ()  # metadata columns worth slicing on
    reference: ReferenceLevel | None = None
    picture: bool = False  # x is (channel, row, column): show examples as pictures
    dtype: Literal["float32", "uint8", "int16", "int32"] = "float32"  # of x
    text: str = ""  # column that is x: text, stored as UTF-8
    tokenizer: Literal["characters", "words"] = "characters"  # how a model divides texts
    further: Mapping[str, Literal["input", "target"]] = field(default_factory=dict)
    """Arrays beside x that read() gives in `Examples.further`, or columns of text, by name."""

    @property
    def shifted(self) -> bool:
        """Return whether dev and test are of another distribution than train."""
        return "target" in self.domains.values()
