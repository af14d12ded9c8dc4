"""Fetch the files of a dataset into the project and verify their checksums."""

import importlib.util
from pathlib import Path

from foursplit.config import paths
from foursplit.core.dataset_spec import BundledFile, DatasetSpec, LocalFile, RemoteFiles
from foursplit.core.errors import FoursplitError
from foursplit.data.download.fetch_files import FetchedFiles, fetch_files
from foursplit.data.download.retry import RetryPolicy
from foursplit.io import artifacts, hashing_copy


def fetch(
    dataset: DatasetSpec, into: Path, retry_policy: RetryPolicy | None = None
) -> FetchedFiles:
    """Copy the files of `dataset` to the folder `into`, which changes only if all are valid."""
    fetched = FetchedFiles(0, 0)
    with artifacts.atomic_directory(into) as folder:
        for file in dataset.files:
            if isinstance(file, RemoteFiles):
                fetched += fetch_files(file, folder, retry_policy or RetryPolicy())
            else:
                fetched += _copy(file, folder / file.name)
    return fetched


def _copy(file: BundledFile | LocalFile, target: Path) -> FetchedFiles:
    origin = _locate(file)
    actual = hashing_copy.copy_and_hash(origin, target)
    if isinstance(file, BundledFile) and actual != file.sha256:
        raise FoursplitError(
            f"{origin}: corrupted: sha256 is {actual}, expected {file.sha256}. "
            f"Install the pinned version of {file.package!r} again."
        )
    return FetchedFiles(1, target.stat().st_size)


def _locate(file: BundledFile | LocalFile) -> Path:
    if isinstance(file, LocalFile):
        path = paths.root() / file.path
        if not path.is_file():
            raise FoursplitError(f"{path}: no such file, but the dataset lists it in `files`.")
        return path
    # Located, not imported: importing scikit-learn takes longer than copying its data.
    spec = importlib.util.find_spec(file.package)
    if spec is None or not spec.submodule_search_locations:
        raise FoursplitError(f"package {file.package!r} is not installed; it contains {file.path}.")
    path = Path(spec.submodule_search_locations[0]) / file.path
    if not path.is_file():
        raise FoursplitError(f"{path}: no such file in this version of package {file.package!r}.")
    return path
