"""MLflow's store: its location and how to open it, with one writer at a time."""

import logging
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from filelock import FileLock, Timeout

from foursplit.config import paths
from foursplit.core import redact, reproducible_env
from foursplit.core.errors import FoursplitError
from foursplit.tracking import migrations, server_health
from foursplit.tracking.database import require_mlflow_database, update_paths

SQLITE_SCHEME = "sqlite:///"

SERVER_SCHEMES = ("http://", "https://")

ARTIFACT_ROOT = "MLFLOW_DEFAULT_ARTIFACT_ROOT"  # MLflow's own variable, which its client ignores

MAX_VALUES_PER_CALL = 1000  # MLflow refuses more in one batch

MAX_ATTEMPTS = 8

COLLISION_CODES = ("BAD_REQUEST", "TEMPORARILY_UNAVAILABLE")
"""MLflow's error codes for database errors."""

OTHER_DRIVER = "Write postgresql+pg8000://… in place of it, and run `make team`"

DRIVERS = {"pg8000": "`make team` installs it", "psycopg": OTHER_DRIVER, "psycopg2": OTHER_DRIVER}
"""How to install a database's driver."""

DESCRIPTION_TAG = "mlflow.note.content"  # the description on MLflow's page

SILENT_WAIT_S = 0.5  # no message if the lock is free by then


def uri() -> str:
    """Return the store's URI: MLFLOW_TRACKING_URI, by default `mlflow.db` in the root."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE_SCHEME}{paths.root() / 'mlflow.db'}"


def display_uri() -> str:
    """Return the store's URI without its password."""
    return redact.address(uri())


def database_path() -> Path | None:
    """Return the SQLite file of the store; None for a server or another database."""
    address = uri()
    return (
        Path(address.removeprefix(SQLITE_SCHEME)).absolute()
        if address.startswith(SQLITE_SCHEME)
        else None
    )


def artifact_folder() -> Path | None:
    """Return the folder of the artifacts, beside the database; None if a server decides."""
    path = database_path()
    return None if path is None else path.parent / "mlruns"


def error_types() -> tuple[type[Exception], ...]:
    """List the exceptions that opening and writing the store may raise."""
    _disable_telemetry()
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, OSError


def client() -> Any:
    """Open the store, creating it where it is missing."""
    _disable_telemetry()
    path = database_path()
    if path is not None:
        _require_plain_path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    elif uri().startswith(SERVER_SCHEMES):
        server_health.require_server(uri(), display_uri())
    else:
        server_health.require_database(uri(), display_uri())
    # MLflow builds its tables in many steps: of six processes that did so at once, five crashed.
    with FileLock(_lock("creating")):
        if path is not None:
            _prepare_database(path)
        return _open(uri())


@contextmanager
def writer_lock(echo: Callable[[str], None]) -> Iterator[None]:
    """Lock that serializes writers of runs; released if its process dies."""
    lock = FileLock(_lock("tracking"))
    try:
        lock.acquire(timeout=SILENT_WAIT_S)
    except Timeout:
        echo("another process is writing to MLflow; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def log_batch(
    client: Any,
    run_id: str,
    metrics: Sequence[Any],
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write metrics, parameters and tags in as few calls as MLflow allows.

    A call costs 6 ms, and each value 0.1.
    """
    from mlflow.entities import Param, RunTag

    params, tags = params or {}, tags or {}
    first = MAX_VALUES_PER_CALL - len(params) - len(tags)
    client.log_batch(
        run_id,
        metrics=metrics[:first],
        params=[Param(name, value) for name, value in params.items()],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
    for start in range(first, len(metrics), MAX_VALUES_PER_CALL):
        client.log_batch(run_id, metrics=metrics[start : start + MAX_VALUES_PER_CALL])


def get_or_create_experiment(client: Any, name: str, note: str) -> str:
    """Return the id of the MLflow experiment `name`; create or restore it if needed."""
    existing = client.get_experiment_by_name(name)
    if existing is None:
        # With this tag MLflow's page does not ask whether this is about language models.
        tags = {DESCRIPTION_TAG: note, "mlflow.experimentKind": "custom_model_development"}
        experiment_id = create_if_missing(
            client.create_experiment, name, artifact_location=_artifact_location(name), tags=tags
        )
        if experiment_id is not None:
            return str(experiment_id)
        existing = client.get_experiment_by_name(name)  # another machine was quicker
    if existing.lifecycle_stage == "deleted":
        client.restore_experiment(existing.experiment_id)
    if note and existing.tags.get(DESCRIPTION_TAG) != note:
        retry(client.set_experiment_tag, existing.experiment_id, DESCRIPTION_TAG, note)
    return existing.experiment_id


def create_if_missing(create: Callable[..., Any], *args: Any, **kwargs: Any) -> Any | None:
    """Call `create`; return None if another machine has created the object meanwhile."""
    from mlflow.exceptions import MlflowException

    try:
        return create(*args, **kwargs)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return None


def retry(call: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    """Call `call`, such as a write of a tag, and retry if it collides with another machine.

    MLflow checks for a row and then inserts it; of six concurrent writers in PostgreSQL about half
    fail, and find the row at the second attempt.
    """
    from mlflow.exceptions import MlflowException

    for n_left in reversed(range(MAX_ATTEMPTS)):
        try:
            call(*args, **kwargs)
        except MlflowException as error:
            if n_left == 0 or error.error_code not in COLLISION_CODES:
                raise
            time.sleep(random.uniform(0.05, 0.5))  # random, so that they do not collide again
        else:
            return


def _artifact_location(name: str) -> str | None:
    """Return the artifact location of an experiment; None if a server decides."""
    folder = artifact_folder()
    if folder is not None:
        return (folder / name).as_uri()
    if uri().startswith(SERVER_SCHEMES):
        return None
    shared = os.environ.get(ARTIFACT_ROOT)
    if not shared:
        # MLflow would use ./mlruns: a folder of this machine, in a shared database.
        raise FoursplitError(
            f"{display_uri()}: a database stores no artifacts. Set {ARTIFACT_ROOT} to a location "
            "that all users share, such as s3://bucket/mlflow or a shared folder, or use a server."
        )
    return f"{shared.rstrip('/')}/{name}"


def _disable_telemetry() -> None:
    """Disable MLflow's telemetry, before its first import."""
    if "mlflow" not in sys.modules:
        for name, value in reproducible_env.QUIET.items():
            os.environ.setdefault(name, value)


def _require_plain_path(path: Path) -> None:
    """Raise for a path that changes in a URL: SQLAlchemy would open another file."""
    if "?" in str(path) or unquote(str(path)) != str(path):
        raise FoursplitError(
            f"{path}: MLflow cannot open a database below a folder with a ? or a % before two "
            "digits in its name. Rename the folder, or name another file in MLFLOW_TRACKING_URI"
        )


def _prepare_database(path: Path) -> None:
    """Create the database, or check that it is MLflow's and correct its artifact paths."""
    if not path.exists():
        _create(path)
        return
    require_mlflow_database(path)
    update_paths(path, path.parent / "mlruns", lambda text: print(text, file=sys.stderr))  # noqa: T201


def _open(address: str) -> Any:
    from mlflow import MlflowClient

    migrations.link_migrations()
    _hide_passwords()
    try:
        return MlflowClient(tracking_uri=address, registry_uri=address)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        way_out = DRIVERS.get(name, f"`pip install {name}` may install it; see docs/team.md")
        text = f"{display_uri()}: needs the package {name}, which is not installed. {way_out}"
        raise FoursplitError(text) from error


@cache
def _hide_passwords() -> None:
    """Hide passwords in MLflow's own log too."""
    for handler in logging.getLogger("mlflow").handlers:
        handler.addFilter(_without_password)


def _without_password(entry: logging.LogRecord) -> bool:
    try:
        secret = uri()
    except (
        FoursplitError
    ):  # in no project, where there is no store: to log a line is no reason to end
        return True
    entry.msg, entry.args = redact.hide(entry.getMessage(), secret), ()
    return True


def _create(path: Path) -> None:
    """Create the database under another name, then rename it: a partial one cannot be opened."""
    partial = path.with_name(f"{path.name}.part")
    for leftover in path.parent.glob(f"{partial.name}*"):
        leftover.unlink()  # with its journal, which SQLite would replay into the new file
    _open(f"{SQLITE_SCHEME}{partial}")
    partial.replace(path)


def _lock(name: str) -> Path:
    path = database_path()
    if path is None:
        paths.state().mkdir(exist_ok=True)
        return paths.state() / f"mlflow.{name}.lock"
    return path.with_name(f"{path.name}.{name}.lock")
