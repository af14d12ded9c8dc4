"""The SQLite file of a store: whose it is, and where the files of its runs lie.

MLflow keeps whole paths; in a project that was moved or copied it would write to the old place.
What Foursplit wrote is known by its layout, `mlruns/<experiment>/<run>` beside the database: paths
of that form are changed to this database's own folder.  Experiments of any other form are left
alone.
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
"""How the copy is called that is made before paths are changed: `mlflow.db.before-move`."""

MAX_SHOWN_TABLES = 5  # tables that a refusal names

PATH_COLUMNS = (
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Where the database names files, beside the experiments themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedExperiment:
    """An experiment whose files are looked for in another folder than the database's own."""

    id: int
    before: str  # address of its files, as stored
    after: str  # and beside the database
    store: Path  # the other folder of all files


def require_mlflow_database(path: Path) -> None:
    """Refuse another program's database: MLflow would add its tables to it."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = sorted(name for (name,) in rows)
    except sqlite3.Error:
        return  # MLflow says what is wrong with it
    if tables and not {"experiments", "alembic_version"} & {*tables}:
        raise FoursplitError(
            f"{path}: another program's database (its tables: {', '.join(tables[:MAX_SHOWN_TABLES])}); nothing "
            "was written to it. Name another file in MLFLOW_TRACKING_URI, or move this one aside"
        )


def update_paths(path: Path, folder: Path, say: Callable[[str], None]) -> None:
    """Have the database at `path` name `folder`, where its files are, in place of another one.

    Refuses where the files of runs lie in the old place only: they would be lost to their runs.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            strays = list(_moved_experiments(database, folder))
            if not strays:
                return
            left = list(_runs_left_behind(database, strays))
    except sqlite3.Error:
        return  # MLflow says what is wrong with it
    if left:
        raise FoursplitError(_copy_files_message(path, folder, strays[0].store, left))
    try:
        _update(path, strays)
    except sqlite3.Error as error:
        raise FoursplitError(
            f"{path}: was moved or copied here from {strays[0].store.parent}, and the paths in it "
            f"must be changed, but it cannot be written: {error}. Make it writable, and run again"
        ) from error
    say(
        f"{path}: moved or copied here from {strays[0].store.parent}: its runs and versions now "
        f"name the files beside it (a copy as it was: {path.name}{BACKUP_SUFFIX})"
    )


def _moved_experiments(database: sqlite3.Connection, folder: Path) -> Iterator[MovedExperiment]:
    rows = database.execute("SELECT experiment_id, name, artifact_location FROM experiments")
    for number, name, location in rows:
        place = _path(location)
        if place is None or not str(place).endswith(f"/{folder.name}/{name}"):
            continue  # not of our layout
        store = Path(str(place).removesuffix(f"/{name}"))
        if store.resolve() != folder.resolve():
            after = (folder / name).as_uri()
            yield MovedExperiment(id=number, before=location, after=after, store=store)


def _path(location: str | None) -> Path | None:
    if location is None or not location.startswith((SCHEME, "/")):
        return None
    return Path(unquote(urlparse(location).path) if location.startswith(SCHEME) else location)


def _runs_left_behind(
    database: sqlite3.Connection, strays: Iterable[MovedExperiment]
) -> Iterator[str]:
    """Name the runs whose files lie in the old place, and not beside the database."""
    for stray in strays:
        there, here = _path(stray.before), _path(stray.after)
        assert there is not None
        assert here is not None
        for (run,) in database.execute(
            "SELECT run_uuid FROM runs WHERE experiment_id = ? AND substr(artifact_uri, 1, ?) = ?",
            (stray.id, len(stray.before) + 1, f"{stray.before}/"),
        ):
            if (there / run).is_dir() and not (here / run).is_dir():
                yield run


def _copy_files_message(path: Path, folder: Path, store: Path, left: list[str]) -> str:
    return (
        f"{path}: was copied from {store.parent} without the files of {len(left)} runs (such as "
        f"{left[0]}), and nothing is written into the other project. Copy them, and run "
        f"again: cp -Rn '{store}/.' '{folder}/'"
    )


def _update(path: Path, strays: Iterable[MovedExperiment]) -> None:
    """Change all paths in one transaction, after a copy was made of what was."""
    with _transaction(path) as database:
        known = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        _back_up(path)
        for stray in strays:
            database.execute(
                "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
                (stray.after, stray.id),
            )
            for table, column in PATH_COLUMNS:
                if table in known:
                    start = f"{stray.before}/"
                    database.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                        f"WHERE substr({column}, 1, ?) = ?",
                        (stray.after, len(start), len(start), start),
                    )


def _back_up(path: Path) -> None:
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as now,
        closing(sqlite3.connect(path.with_name(f"{path.name}{BACKUP_SUFFIX}"))) as copy,
    ):
        now.backup(copy)


@contextmanager
def _transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """Give the database in one transaction that keeps other writers out."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")
