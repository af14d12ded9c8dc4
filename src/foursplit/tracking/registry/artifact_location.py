"""The location of a version's files: the project's own store, or a copy from a server."""

from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.core.redact import without_passwords
from foursplit.io import artifacts
from foursplit.tracking import store


def outside_error(source: str, uri: str) -> FoursplitError:
    group = uri.removeprefix("models:/").partition("/")[0]
    return FoursplitError(
        f"{uri}: its source {without_passwords(source)} is outside the store; refused. "
        f"`foursplit gate {group} --force --reason TEXT` stores the present winner inside it"
    )


def local_folder(source: str, uri: str) -> Path | None:
    """Return the folder of a source in the project's own store; None if a server has it."""
    from mlflow.utils.file_utils import local_file_uri_to_path

    root = store.artifact_folder()
    if root is None:
        return None
    folder = Path(local_file_uri_to_path(source))
    if not folder.resolve().is_relative_to(root.resolve()):  # links followed
        raise outside_error(source, uri)
    return folder


def download(client: Any, version: Any, folder: str) -> Path:
    """Download a version's files, the `folder` of its run, from a server atomically."""
    target = paths.state() / "registry" / version.name / str(version.version)
    with artifacts.atomic_directory(target) as partial:
        client.download_artifacts(version.run_id, folder, str(partial))
    return target / folder
