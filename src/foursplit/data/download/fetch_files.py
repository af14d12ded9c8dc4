"""Bring a data set's files here: from a mirror if there is one, else from where it is published."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from foursplit.config import paths
from foursplit.core.dataset_spec import UNPACKED, RemoteFiles
from foursplit.core.errors import FoursplitError
from foursplit.data.download import archive, catalogue, repository
from foursplit.data.download.catalogue import PackedArchive, RemoteFile
from foursplit.data.download.download import download
from foursplit.data.download.retry import RetryPolicy
from foursplit.io import hashing_copy

MIRROR_VARIABLE = "FOURSPLIT_MIRROR"
"""Environment: a folder that holds files under the catalogue's paths."""


def mirror() -> Path | None:
    """Give the mirror folder; one that is named and not there is refused."""
    named = os.environ.get(MIRROR_VARIABLE, "")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FoursplitError(f"{MIRROR_VARIABLE}: {named!r} is no folder")
    return folder


def in_mirror(path: str) -> Path | None:
    """Give the mirror's file of this catalogue path, if there is a mirror and it has it."""
    folder = mirror()
    found = folder / path if folder else None
    return found if found is not None and found.is_file() else None


def downloads() -> Path:
    """Name the folder of what was downloaded: kept, for a second source may read the same file."""
    return paths.state() / "downloads"


@dataclass(frozen=True, slots=True)
class FetchedFiles:
    """How much came: files, and bytes in them."""

    n: int
    bytes: int

    def __add__(self, other: "FetchedFiles") -> "FetchedFiles":
        return FetchedFiles(self.n + other.n, self.bytes + other.bytes)


def fetch_files(files: RemoteFiles, into: Path, retry_policy: RetryPolicy) -> FetchedFiles:
    """Fill `into` with what a source reads of a data set, each byte checked."""
    singles, packed = catalogue.selected_files(files)
    brought = FetchedFiles(len(singles), sum(file.bytes for file in singles))
    for file in singles:
        target = into / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        _single(files.entry, file, target, retry_policy)
    if packed is not None:
        folder = into / files.entry / UNPACKED
        folder.mkdir(parents=True, exist_ok=True)
        _many(files.entry, packed, folder, retry_policy)
        brought += FetchedFiles(packed.members, packed.unpacked_bytes)
    return brought


def _single(entry: str, file: RemoteFile, target: Path, retry_policy: RetryPolicy) -> None:
    origin = in_mirror(file.path)
    if origin is None:
        if not file.url:
            raise _nowhere(entry, file.path, "it is published nowhere in this form")
        try:
            origin = download(file, downloads(), retry_policy)
        except FoursplitError as error:
            raise _nowhere(entry, file.path, str(error)) from error
    _copy(origin, target, file.sha256)


def _copy(origin: Path, target: Path, sha256: str) -> None:
    found = hashing_copy.copy_and_hash(origin, target)
    if found != sha256:
        target.unlink()
        raise FoursplitError(f"{origin}: wrong bytes: expected sha256 {sha256}, found {found}")


def _many(entry: str, packed: PackedArchive, folder: Path, retry_policy: RetryPolicy) -> None:
    """Unpack the mirror's archive, or take the same files out of their repository."""
    origin = in_mirror(packed.path)
    if origin is not None:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".packed.") as place:
            copied = Path(place) / "archive"  # what was checked is what is unpacked
            _copy(origin, copied, packed.sha256)
            found = archive.unpack(
                copied, folder, members=packed.members, unpacked_bytes=packed.unpacked_bytes
            )
        where = str(origin)
    elif packed.repository is None:
        raise _nowhere(entry, packed.path, packed.only_in_mirrors)
    else:
        where = f"{packed.repository.url} at {packed.repository.commit}"
        try:
            repository.export_files(
                packed.repository, folder, retry_policy, unpacked_bytes=packed.unpacked_bytes
            )
        except FoursplitError as error:
            raise _nowhere(entry, packed.path, str(error)) from error
        found = hashing_copy.folder_digest(folder)
    if found != packed.digest:
        raise FoursplitError(
            f"{where}: wrong files: expected digest {packed.digest}, found {found}"
        )


def _nowhere(entry: str, path: str, why: str) -> FoursplitError:
    """Say what could not be had, where it was looked for, and how to provide it."""
    looked = mirror()
    here = (
        f"the mirror {looked} has no {path}" if looked else f"no mirror is set ({MIRROR_VARIABLE})"
    )
    return FoursplitError(
        f"data set {entry!r}: {path} cannot be had: {here}, and {why}.\n"
        f"  To provide it, put the file at <folder>/{path} and set {MIRROR_VARIABLE}=<folder>; its sha256 "
        "is checked."
    )
