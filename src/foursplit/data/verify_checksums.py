"""Verify the checksums of raw files before they are read."""

from pathlib import Path

from foursplit.core.dataset_spec import UNPACKED, DatasetSpec, LocalFile, RemoteFiles
from foursplit.core.errors import FoursplitError
from foursplit.data.download import catalogue
from foursplit.io import artifacts, hashing_copy


def check(dataset: DatasetSpec, folder: Path) -> None:
    """Raise if a raw file is missing or its sha256 differs from the declared one."""
    for file in dataset.files:
        if isinstance(file, RemoteFiles):
            _check_remote(file, folder)
            continue
        path = folder / file.name
        _require_exists(path)
        if not isinstance(file, LocalFile):
            _require_equal(path, artifacts.sha256_file(path), file.sha256)


def _check_remote(files: RemoteFiles, folder: Path) -> None:
    files_to_check, packed = catalogue.selected_files(files)
    for file in files_to_check:
        _require_exists(folder / file.path)
        _require_equal(folder / file.path, artifacts.sha256_file(folder / file.path), file.sha256)
    if packed is not None:
        unpacked = folder / files.entry / UNPACKED
        _require_exists(unpacked)
        _require_equal(unpacked, hashing_copy.folder_digest(unpacked), packed.digest)


def _require_exists(path: Path) -> None:
    if not path.exists():
        raise FoursplitError(f"{path}: missing. Run `dvc repro` to fetch it again.")


def _require_equal(path: Path, actual: str, expected: str) -> None:
    if actual != expected:
        raise FoursplitError(
            f"{path}: corrupted: sha256 is {actual}, expected {expected}. "
            "Delete it and run `dvc repro` to fetch it again."
        )
