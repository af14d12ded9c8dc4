"""The registry's versions as their tags tell of them, without reading what they hold."""

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
    """A version; `folder` is None where a server has its files, or they lie outside the store."""

    group: str
    number: int
    aliases: tuple[str, ...]
    stored: datetime
    tags: Mapping[str, str]
    folder: Path | None


def may_have_versions() -> bool:
    """Tell whether there may be a version, without MLflow, which takes seconds to import.

    A database that answers otherwise than we know counts as one that has versions: MLflow says
    what is wrong with it.
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
    named: dict[int, list[str]] = {}
    for alias, number in sorted(client.get_registered_model(group).aliases.items()):
        named.setdefault(int(number), []).append(alias)
    found = client.search_model_versions(f"name='{group}'")
    return sorted(
        (_registered_version(version, named.get(int(version.version), [])) for version in found),
        key=lambda version: version.number,
    )


def find_version(group: str, which: str) -> RegisteredVersion:
    """Find a version by number or alias; what is not there is refused with what is."""
    known = registry.model_names(store.client())
    if group not in known:
        raise unknown_name("registered model", group, known, store.display_uri())
    found = list_versions(group)
    by_name = {str(version.number): version for version in found}
    by_name |= {alias: version for version in found for alias in version.aliases}
    if which not in by_name:
        raise unknown_name("alias or version", which, by_name, f"{registry.SCHEME}{group}")
    return by_name[which]


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
    """Give the folder of a version's files where it lies in the project's own store."""
    from mlflow.utils.file_utils import local_file_uri_to_path

    root = store.artifact_folder()
    if root is None:
        return None
    folder = Path(local_file_uri_to_path(source)).resolve()
    return folder if folder.is_relative_to(root.resolve()) else None
