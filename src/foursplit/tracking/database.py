"""The SQLite file of a store: whether it is MLflow's, and where its artifacts are.

MLflow stores absolute paths; in a moved or copied project it would write to the old folder.
Foursplit's layout is `mlruns/<experiment>/<run>` beside the database: paths of that form are
changed to this database's own folder.  Other experiments are left unchanged.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from foursplit.core.errors import FoursplitError

SCHEME = "file:"

BACKUP_SUFFIX = ".before-move"
"""Suffix of the backup that is made before paths are changed: `mlflow.db.before-move`."""

MAX_SHOWN_TABLES = 5  # tables in an error message

PATH_COLUMNS = (
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Columns with paths, besides those of the experiments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedExperiment:
    """An experiment whose artifact location is not beside the database."""

    id: int
    before: str  # artifact location, as stored
    after: str  # artifact location beside the database
    store: Path  # the old folder of all artifacts


def require_mlflow_database(path: Path) -> None:
    """Raise for another program's database: MLflow would add its tables to it."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = sorted(name for (name,) in rows)
    except sqlite3.Error:
        return  # MLflow reports the error
    if tables and not {"experiments", "alembic_version"} & {*tables}:
        raise FoursplitError(
            f"{path}: another program's database (its tables: "
            f"{', '.join(tables[:MAX_SHOWN_TABLES])}); nothing was written to it. Name another "
            "file in MLFLOW_TRACKING_URI, or move this one away"
        )


def update_paths(path: Path, folder: Path, echo: Callable[[str], None]) -> None:
    """Replace the old artifact folder by `folder` in the database at `path`.

    Raise if artifacts are in the old folder only: their runs would lose them.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            experiments = list(_moved_experiments(database, folder))
            if not experiments:
                return
            missing = list(_runs_left_behind(database, experiments))
    except sqlite3.Error:
        return  # MLflow reports the error
    if missing:
        raise FoursplitError(_copy_files_message(path, folder, experiments[0].store, missing))
    try:
        _update(path, experiments)
    except sqlite3.Error as error:
        raise FoursplitError(
            f"{path}: was moved or copied here from {experiments[0].store.parent}, and its paths "
            f"must be changed, but it is not writable: {error}. Make it writable and run again"
        ) from error
    echo(
        f"{path}: moved or copied here from {experiments[0].store.parent}: its runs and versions "
        f"now name the files beside it (backup: {path.name}{BACKUP_SUFFIX})"
    )


def _moved_experiments(database: sqlite3.Connection, folder: Path) -> Iterator[MovedExperiment]:
    rows = database.execute("SELECT experiment_id, name, artifact_location FROM experiments")
    for experiment_id, name, location in rows:
        old_folder = _path(location)
        if old_folder is None or not str(old_folder).endswith(f"/{folder.name}/{name}"):
            continue  # not Foursplit's layout
        store = Path(str(old_folder).removesuffix(f"/{name}"))
        if store.resolve() != folder.resolve():
            location_now = (folder / name).as_uri()
            yield MovedExperiment(
                id=experiment_id, before=location, after=location_now, store=store
            )


def _path(location: str | None) -> Path | None:
    if location is None or not location.startswith((SCHEME, "/")):
        return None
    return Path(unquote(urlparse(location).path) if location.startswith(SCHEME) else location)


def _runs_left_behind(
    database: sqlite3.Connection, experiments: Iterable[MovedExperiment]
) -> Iterator[str]:
    """List the runs whose files are in the old folder, and not beside the database."""
    for experiment in experiments:
        old_folder, new_folder = _path(experiment.before), _path(experiment.after)
        assert old_folder is not None
        assert new_folder is not None
        for (run,) in database.execute(
            "SELECT run_uuid FROM runs WHERE experiment_id = ? AND substr(artifact_uri, 1, ?) = ?",
            (experiment.id, len(experiment.before) + 1, f"{experiment.before}/"),
        ):
            if (old_folder / run).is_dir() and not (new_folder / run).is_dir():
                yield run


def _copy_files_message(path: Path, folder: Path, store: Path, missing: list[str]) -> str:
    return (
        f"{path}: was copied from {store.parent} without the files of {len(missing)} runs (such as "
        f"{missing[0]}), and nothing is written into the other project. Copy them and run "
        f"again: cp -Rn '{store}/.' '{folder}/'"
    )


def _update(path: Path, experiments: Iterable[MovedExperiment]) -> None:
    """Make a backup, then change all paths in one transaction."""
    with _transaction(path) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        _back_up(path)
        for experiment in experiments:
            database.execute(
                "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
                (experiment.after, experiment.id),
            )
            for table, column in PATH_COLUMNS:
                if table in tables:
                    start = f"{experiment.before}/"
                    database.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                        f"WHERE substr({column}, 1, ?) = ?",
                        (experiment.after, len(start), len(start), start),
                    )


def _back_up(path: Path) -> None:
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database,
        closing(sqlite3.connect(path.with_name(f"{path.name}{BACKUP_SUFFIX}"))) as copy,
    ):
        database.backup(copy)


@contextmanager
def _transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database in one transaction that keeps other writers out."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")
