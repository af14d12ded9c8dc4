"""Where MLflow's store lies, and how it is opened: one writer at a time, never half created."""

import logging
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
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
from foursplit.tracking.database import rebase, require_mlflow

FILE = "sqlite:///"

SERVER = ("http://", "https://")

SHARED_FILES = "MLFLOW_DEFAULT_ARTIFACT_ROOT"  # MLflow's own name, which its client does not read

METRICS_A_CALL = 1000  # MLflow refuses more in one batch

TRIES = 8

COLLISIONS = ("BAD_REQUEST", "TEMPORARILY_UNAVAILABLE")
"""What MLflow makes of a database's errors, and of hardly anything else."""

OTHER = "Write postgresql+pg8000://… in place of it, and run `make team`"

DRIVERS = {"pg8000": "`make team` installs it", "psycopg": OTHER, "psycopg2": OTHER}
"""What brings the driver of a database."""

NOTE = "mlflow.note.content"  # what MLflow's page shows as description

SOON_S = 0.5  # a lock free by then is not worth a word


def uri() -> str:
    """Name the store: the user's own where one is set, and otherwise `mlflow.db` in the root."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{FILE}{paths.root() / 'mlflow.db'}"


def shown() -> str:
    """Name the store for people to read: without the password that it may hold."""
    return redact.address(uri())


def database() -> Path | None:
    """Give the SQLite file of the store; None for a server or another database."""
    where = uri()
    return Path(where.removeprefix(FILE)).absolute() if where.startswith(FILE) else None


def artifacts() -> Path | None:
    """Give the folder of the artifacts, beside the database; None where a server decides."""
    path = database()
    return None if path is None else path.parent / "mlruns"


def failures() -> tuple[type[Exception], ...]:
    """List what opening and writing the store may raise, which is not for us to prevent."""
    _quiet()
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, OSError


def client() -> Any:
    """Open the store, creating it where it is missing."""
    _quiet()
    path = database()
    if path is not None:
        _require_plain(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    elif uri().startswith(SERVER):
        server_health.require(uri(), shown())
    else:
        server_health.require_database(uri(), shown())
    # MLflow builds its tables in many steps: of six processes that did so at once, five crashed.
    with FileLock(_lock("creating")):
        if path is not None:
            _ready(path)
        return _open(uri())


@contextmanager
def alone(say: Callable[[str], None]) -> Iterator[None]:
    """Keep other writers of runs out; a process that dies lets them in."""
    lock = FileLock(_lock("tracking"))
    try:
        lock.acquire(timeout=SOON_S)
    except Timeout:
        say("another process is writing to MLflow; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def log_metrics(client: Any, run_id: str, metrics: list[Any]) -> None:
    """Write many metrics in as few calls as MLflow allows: 0.1 ms each in place of 6."""
    for start in range(0, len(metrics), METRICS_A_CALL):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS_A_CALL])


def experiment(client: Any, name: str, note: str) -> str:
    """Give the id of the MLflow experiment `name`, creating or restoring it."""
    found = client.get_experiment_by_name(name)
    if found is None:
        # The kind spares the person the page's question whether this is about language models.
        tags = {NOTE: note, "mlflow.experimentKind": "custom_model_development"}
        made = once(client.create_experiment, name, artifact_location=_files(name), tags=tags)
        if made is not None:
            return str(made)
        found = client.get_experiment_by_name(name)  # another machine was quicker
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    if note and found.tags.get(NOTE) != note:
        again(client.set_experiment_tag, found.experiment_id, NOTE, note)
    return found.experiment_id


def once(create: Callable[..., Any], *what: Any, **how: Any) -> Any | None:
    """Create what may be there once only; None if another machine has made it meanwhile."""
    from mlflow.exceptions import MlflowException

    try:
        return create(*what, **how)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return None


def again(write: Callable[..., None], *what: Any, **how: Any) -> None:
    """Write what another machine may be writing too, such as a tag: again, if it collides.

    MLflow looks whether a row is there and then adds it; if six do so at once in PostgreSQL, about
    half of them fail, and find the row at the second try.
    """
    from mlflow.exceptions import MlflowException

    for left in reversed(range(TRIES)):
        try:
            write(*what, **how)
        except MlflowException as error:
            if left == 0 or error.error_code not in COLLISIONS:
                raise
            time.sleep(random.uniform(0.05, 0.5))  # by chance, so that they do not meet again
        else:
            return


def _files(name: str) -> str | None:
    """Say where an experiment's files go; None where a server decides."""
    folder = artifacts()
    if folder is not None:
        return (folder / name).as_uri()
    if uri().startswith(SERVER):
        return None
    shared = os.environ.get(SHARED_FILES)
    if not shared:
        # MLflow would take ./mlruns: a folder of this machine, in a database that all share.
        raise FoursplitError(
            f"{shown()}: a database holds no files. Set {SHARED_FILES} to where all its users "
            "keep them, such as s3://bucket/mlflow or a shared folder, or go through a server."
        )
    return f"{shared.rstrip('/')}/{name}"


def _quiet() -> None:
    """Make sure that MLflow reports nothing to its makers, whoever called us."""
    if "mlflow" not in sys.modules:
        for name, value in reproducible_env.QUIET.items():
            os.environ.setdefault(name, value)


def _require_plain(path: Path) -> None:
    """Refuse a path that reads otherwise in an address: SQLAlchemy would open another file."""
    if "?" in str(path) or unquote(str(path)) != str(path):
        raise FoursplitError(
            f"{path}: MLflow cannot open a database below a folder with a ? or a % before two "
            "digits in its name; rename the folder, or name another file in MLFLOW_TRACKING_URI"
        )


def _ready(path: Path) -> None:
    """Create the database, or see to it that it is MLflow's and names the files beside it."""
    if not path.exists():
        _create(path)
        return
    require_mlflow(path)
    rebase(path, path.parent / "mlruns", lambda text: print(text, file=sys.stderr))  # noqa: T201


def _open(where: str) -> Any:
    from mlflow import MlflowClient

    migrations.reachable()
    _hide_passwords()
    try:
        return MlflowClient(tracking_uri=where, registry_uri=where)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        way_out = DRIVERS.get(name, f"`pip install {name}` may bring it; see docs/team.md")
        text = f"{shown()}: needs the package {name}, which is not installed. {way_out}"
        raise FoursplitError(text) from error


@cache
def _hide_passwords() -> None:
    """Have MLflow's own log say nothing of a password either."""
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
    """Create the database aside and rename it: killed half-way, it could never be opened again."""
    part = path.with_name(f"{path.name}.part")
    for left in path.parent.glob(f"{part.name}*"):
        left.unlink()  # with its journal, which SQLite would play back into the new file
    _open(f"{FILE}{part}")
    part.replace(path)


def _lock(name: str) -> Path:
    path = database()
    if path is None:
        paths.state().mkdir(exist_ok=True)
        return paths.state() / f"mlflow.{name}.lock"
    return path.with_name(f"{path.name}.{name}.lock")
