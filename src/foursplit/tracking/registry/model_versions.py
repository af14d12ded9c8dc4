"""Versions of the registry by their tags, without reading their files."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foursplit.core.errors import unknown_name
from foursplit.tracking import store
from foursplit.tracking.registry import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredVersion:
    """A version; `folder` is None if a server has its files, or they are outside the store."""

    group: str
    number: int
    aliases: tuple[str, ...]
    stored: datetime
    tags: Mapping[str, str]
    folder: Path | None


def may_have_versions() -> bool:
    """Return whether there may be a version; does not import MLflow, which takes seconds.

    A database with an unknown layout counts as one with versions: MLflow reports its errors.
    """
    path = store.database_path()
    if path is None:
        return True  # a server
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return database.execute("SELECT 1 FROM model_versions LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return True


def list_versions(group: str) -> list[RegisteredVersion]:
    """List a registered group's versions, oldest first."""
    client = store.client()
    aliases: dict[int, list[str]] = {}
    for alias, number in sorted(client.get_registered_model(group).aliases.items()):
        aliases.setdefault(int(number), []).append(alias)
    versions = client.search_model_versions(f"name='{group}'")
    return sorted(
        (
            _registered_version(version, aliases.get(int(version.version), []))
            for version in versions
        ),
        key=lambda version: version.number,
    )


def find_version(group: str, number_or_alias: str) -> RegisteredVersion:
    """Find a version by number or alias; raise with the valid ones if it does not exist."""
    models = registry.model_names(store.client())
    if group not in models:
        raise unknown_name("registered model", group, models, store.display_uri())
    versions = list_versions(group)
    by_name = {str(version.number): version for version in versions}
    by_name |= {alias: version for version in versions for alias in version.aliases}
    if number_or_alias not in by_name:
        raise unknown_name(
            "alias or version", number_or_alias, by_name, f"{registry.SCHEME}{group}"
        )
    return by_name[number_or_alias]


def _registered_version(version: Any, aliases: list[str]) -> RegisteredVersion:
    return RegisteredVersion(
        group=version.name,
        number=int(version.version),
        aliases=tuple(aliases),
        stored=datetime.fromtimestamp(version.creation_timestamp / 1000, UTC),
        tags=dict(version.tags),
        folder=_local_folder(version.source),
    )


def _local_folder(source: str) -> Path | None:
    """Return the folder of a version's files if it is in the project's own store."""
    from mlflow.utils.file_utils import local_file_uri_to_path

    root = store.artifact_folder()
    if root is None:
        return None
    folder = Path(local_file_uri_to_path(source)).resolve()
    return folder if folder.is_relative_to(root.resolve()) else None
