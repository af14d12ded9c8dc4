"""Hold raw files against what their source declares, before anything reads them."""

from pathlib import Path

from foursplit.core.dataset_spec import UNPACKED, OwnFile, RemoteFiles, Source
from foursplit.core.errors import FoursplitError
from foursplit.data.download import catalogue
from foursplit.io import artifacts, hashing_copy


def check(source: Source, folder: Path) -> None:
    """Refuse a file that is missing or is not the one the source was written for."""
    for file in source.files:
        if isinstance(file, RemoteFiles):
            _check_remote(file, folder)
            continue
        path = folder / file.name
        _present(path)
        if not isinstance(file, OwnFile):
            _same(path, artifacts.sha256_file(path), file.sha256)


def _check_remote(files: RemoteFiles, folder: Path) -> None:
    singles, packed = catalogue.selected_files(files)
    for file in singles:
        _present(folder / file.path)
        _same(folder / file.path, artifacts.sha256_file(folder / file.path), file.sha256)
    if packed is not None:
        place = folder / files.entry / UNPACKED
        _present(place)
        _same(place, hashing_copy.folder_digest(place), packed.digest)


def _present(path: Path) -> None:
    if not path.exists():
        raise FoursplitError(f"{path}: missing; `dvc repro` fetches it again.")


def _same(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise FoursplitError(
            f"{path}: corrupted: sha256 is {found}, and the source was written for {expected}. "
            "Delete it, and `dvc repro` fetches it again."
        )
