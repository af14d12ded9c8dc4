"""Fetch a data set's files from a mirror if one is set, else from where they are published."""

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
"""Environment: a folder with files under the catalogue's paths."""


def mirror_folder() -> Path | None:
    """Return the mirror folder, None if none is set; raise if it does not exist."""
    value = os.environ.get(MIRROR_VARIABLE, "")
    if not value:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise FoursplitError(f"{MIRROR_VARIABLE}: {value!r} is not a folder")
    return folder


def find_in_mirror(path: str) -> Path | None:
    """Return the mirror's file of this catalogue path; None if there is none."""
    folder = mirror_folder()
    file = folder / path if folder else None
    return file if file is not None and file.is_file() else None


def downloads_folder() -> Path:
    """Return the folder of downloaded files, which several datasets may share."""
    return paths.state() / "downloads"


@dataclass(frozen=True, slots=True)
class FetchedFiles:
    """Number of fetched files, and their bytes."""

    n: int
    bytes: int

    def __add__(self, other: "FetchedFiles") -> "FetchedFiles":
        return FetchedFiles(self.n + other.n, self.bytes + other.bytes)


def fetch_files(files: RemoteFiles, into: Path, retry_policy: RetryPolicy) -> FetchedFiles:
    """Write the files that a data set reads of a published one to `into`, and verify them."""
    single_files, packed = catalogue.selected_files(files)
    fetched = FetchedFiles(len(single_files), sum(file.bytes for file in single_files))
    for file in single_files:
        target = into / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        fetch_file(f"data set {files.entry!r}", file, target, retry_policy)
    if packed is not None:
        folder = into / files.entry / UNPACKED
        folder.mkdir(parents=True, exist_ok=True)
        _fetch_packed(f"data set {files.entry!r}", packed, folder, retry_policy)
        fetched += FetchedFiles(packed.members, packed.unpacked_bytes)
    return fetched


def fetch_file(entry: str, file: RemoteFile, target: Path, retry_policy: RetryPolicy) -> None:
    """Write one file of an entry, which errors name, to `target`, and verify its sha256."""
    origin = find_in_mirror(file.path)
    if origin is None:
        if not file.url:
            raise _unavailable(entry, file.path, "it is not published in this form")
        try:
            origin = download(file, downloads_folder(), retry_policy)
        except FoursplitError as error:
            raise _unavailable(entry, file.path, str(error)) from error
    _copy(origin, target, file.sha256)


def _copy(origin: Path, target: Path, sha256: str) -> None:
    actual = hashing_copy.copy_and_hash(origin, target)
    if actual != sha256:
        target.unlink()
        raise FoursplitError(f"{origin}: wrong bytes: expected sha256 {sha256}, found {actual}")


def _fetch_packed(
    entry: str, packed: PackedArchive, folder: Path, retry_policy: RetryPolicy
) -> None:
    """Unpack the mirror's archive, or export the same files from their repository."""
    origin = find_in_mirror(packed.path)
    if origin is not None:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".packed.") as temporary:
            copied = Path(temporary) / "archive"  # the verified copy is the one unpacked
            _copy(origin, copied, packed.sha256)
            digest = archive.unpack(
                copied, folder, members=packed.members, unpacked_bytes=packed.unpacked_bytes
            )
        location = str(origin)
    elif packed.repository is None:
        raise _unavailable(entry, packed.path, packed.only_in_mirrors)
    else:
        location = f"{packed.repository.url} at {packed.repository.commit}"
        try:
            repository.export_files(
                packed.repository, folder, retry_policy, unpacked_bytes=packed.unpacked_bytes
            )
        except FoursplitError as error:
            raise _unavailable(entry, packed.path, str(error)) from error
        digest = hashing_copy.folder_digest(folder)
    if digest != packed.digest:
        raise FoursplitError(
            f"{location}: wrong files: expected digest {packed.digest}, found {digest}"
        )


def _unavailable(entry: str, path: str, reason: str) -> FoursplitError:
    """Return an error that says where the file was searched and how to provide it."""
    folder = mirror_folder()
    missing = f"no mirror is set ({MIRROR_VARIABLE})"
    if folder is not None:
        missing = f"the mirror {folder} has no {path}"
    return FoursplitError(
        f"{entry}: {path} is not available: {missing}, and {reason}.\n"
        f"  To provide it, put the file at <folder>/{path} and set {MIRROR_VARIABLE}=<folder>; "
        "its sha256 is verified."
    )
