"""Bring a source's files into the project, and check every byte before anything reads it."""

import importlib.util
import shutil
from pathlib import Path

from foursplit.core import artifacts, paths
from foursplit.core.errors import Refusal
from foursplit.core.source import BundledFile, OwnFile, Source


def fetch(source: Source, into: Path) -> list[Path]:
    """Copy the files of `source` to the folder `into`, which changes only if all are right."""
    with artifacts.replacing_folder(into) as folder:
        for file in source.files:
            shutil.copyfile(_locate(file), folder / file.name)
        check(source, folder)
    return [into / file.name for file in source.files]


def check(source: Source, folder: Path) -> None:
    """Refuse a file that is missing or is not the one the source was written for."""
    for file in source.files:
        path = folder / file.name
        if not path.is_file():
            raise Refusal(f"{path}: missing; `dvc repro` fetches it again.")
        if isinstance(file, BundledFile) and artifacts.sha256_file(path) != file.sha256:
            raise Refusal(
                f"{path}: corrupted: sha256 is {artifacts.sha256_file(path)}, and the source was "
                f"written for {file.sha256}. Delete it, and `dvc repro` fetches it again."
            )


def _locate(file: BundledFile | OwnFile) -> Path:
    if isinstance(file, OwnFile):
        path = paths.root() / file.path
        if not path.is_file():
            raise Refusal(f"{path}: no such file; the source names it in `files`.")
        return path
    # Found, not imported: importing scikit-learn takes longer than copying its data.
    spec = importlib.util.find_spec(file.package)
    if spec is None or not spec.submodule_search_locations:
        raise Refusal(f"package {file.package!r}, which carries {file.path}, is not installed.")
    path = Path(spec.submodule_search_locations[0]) / file.path
    if not path.is_file():
        raise Refusal(f"{path}: package {file.package!r} carries no such file in this version.")
    return path
