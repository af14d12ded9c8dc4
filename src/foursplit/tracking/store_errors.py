"""What MLflow and its libraries complain of, in one sentence and with what puts it right."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from foursplit.core.errors import FoursplitError
from foursplit.core.redact import hide
from foursplit.tracking import store

TEAM_HINT = "docs/team.md says what a shared store needs."

UPGRADE_COMMAND = 'mlflow db upgrade "$MLFLOW_TRACKING_URI"'

SCHEMA_REVISION = re.compile(r"found version (\w+)")


@contextmanager
def explain_errors() -> Iterator[None]:
    """Turn what MLflow raises into a refusal; what the system refuses stays as it is."""
    failures = store.error_types()
    try:
        yield
    except failures as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # a full disk or a missing right: the command line names the file
        text = f"{store.display_uri()}: MLflow cannot use it: {reason(error)}. {_remedy(error)}"
        raise FoursplitError(text) from error


def reason(error: BaseException) -> str:
    """Give the first line of a library's error, without passwords."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return hide(first.partition(". Take a backup")[0].rstrip("."), store.uri())


def _remedy(error: BaseException) -> str:
    text = str(error).lower()
    for sign, advice in ADVICE.items():
        if sign in text:
            return advice(str(error))
    if store.database_path() is None:
        return TEAM_HINT
    return f"Nothing was deleted; keep a copy ({_copy_command()}) before you change anything in it."


def _copy_command() -> str:
    path = store.database_path()
    return f"cp '{path}' '{path}.backup'"


def _locked(_text: str) -> str:
    others = _lock_holders()
    who = f"open in {', '.join(others)}" if others else "open in another program"
    return f"It is {who}: wait until that has finished writing, or close it, and run again."


def _full(_text: str) -> str:
    return "Free space on its disk, and run again."


def _outdated(text: str) -> str:
    """Name the upgrade, or the newer MLflow that wrote the database."""
    found = SCHEMA_REVISION.search(text)
    if found and not _is_known_revision(found.group(1)):
        return (
            "Another MLflow than the one installed made it, probably a newer one: use that one, or "
            "name another store in MLFLOW_TRACKING_URI."
        )
    if store.database_path() is None:
        return f"Whoever keeps it makes a backup and upgrades it: {UPGRADE_COMMAND}. {TEAM_HINT}"
    return f"Keep a copy and upgrade it: {_copy_command()} && mlflow db upgrade '{store.uri()}'"


def _is_known_revision(revision: str) -> bool:
    """Tell whether the MLflow that is installed knows a schema, so that it can upgrade it."""
    import mlflow

    versions = Path(mlflow.__file__).parent / "store" / "db_migrations" / "versions"
    return any(versions.glob(f"{revision}*.py"))


def _not_a_database(_text: str) -> str:
    path = store.database_path()
    if path is None:
        return TEAM_HINT
    return (
        "Its runs can be written again from what lies in data/, its champions cannot. If nobody "
        f"needs it, move it aside (mv '{path}' '{path}.aside') and run `foursplit track`."
    )


def _not_writable(_text: str) -> str:
    return "Give yourself the right to write the file and its folder, and run again."


ADVICE: dict[str, Callable[[str], str]] = {
    "database is locked": _locked,
    "is full": _full,
    "disk i/o error": _full,
    "out-of-date database schema": _outdated,
    "can't locate revision": _outdated,
    "not a database": _not_a_database,
    "malformed": _not_a_database,
    "readonly database": _not_writable,
    "unable to open database file": _not_writable,
}
"""What a library says, in small letters, and what to tell of it."""


def _lock_holders() -> list[str]:
    """Name the processes that hold the database open, as far as the system tells us."""
    path = (store.database_path() or Path()).resolve()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            opened = any(link.readlink() == path for link in (process / "fd").iterdir())
            name = (process / "comm").read_text().strip() if opened else ""
        except OSError:  # it has ended, or is another user's
            continue
        if opened and process.name != str(os.getpid()):
            found.append(f"process {process.name} ({name})")
    return found
