"""Where a version's files lie: inside the project's own store, or in a copy from a server."""

from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.core.redact import without_passwords
from foursplit.io import artifacts
from foursplit.tracking import store


def outside_error(source: str, at: str) -> FoursplitError:
    group = at.removeprefix("models:/").partition("/")[0]
    return FoursplitError(
        f"{at}: its source {without_passwords(source)} lies outside the store; refused. "
        f"`foursplit gate {group} --force --why TEXT` stores the present winner inside it"
    )


def local_folder(source: str, at: str) -> Path | None:
    """Give the folder of a source in the project's own store; None where a server has it."""
    from mlflow.utils.file_utils import local_file_uri_to_path

    root = store.artifact_folder()
    if root is None:
        return None
    folder = Path(local_file_uri_to_path(source))
    if not folder.resolve().is_relative_to(root.resolve()):  # links followed
        raise outside_error(source, at)
    return folder


def download(client: Any, found: Any, folder: str) -> Path:
    """Copy a version's files, the `folder` of its run, from a server: whole or not at all."""
    target = paths.state() / "registry" / found.name / str(found.version)
    with artifacts.replacing_folder(target) as part:
        client.download_artifacts(found.run_id, folder, str(part))
    return target / folder
