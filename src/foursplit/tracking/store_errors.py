"""Errors of MLflow and its libraries, in one sentence and with a remedy."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from foursplit.core.errors import FoursplitError
from foursplit.core.redact import hide
from foursplit.tracking import store

TEAM_HINT = "docs/team.md describes the setup of a shared store."

UPGRADE_COMMAND = 'mlflow db upgrade "$MLFLOW_TRACKING_URI"'

SCHEMA_REVISION = re.compile(r"found version (\w+)")


@contextmanager
def explain_errors() -> Iterator[None]:
    """Turn MLflow's exceptions into a FoursplitError; leave errors of the system unchanged."""
    failures = store.error_types()
    try:
        yield
    except failures as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # a full disk or missing rights: the CLI names the file
        text = f"{store.display_uri()}: MLflow cannot use it: {reason(error)}. {_remedy(error)}"
        raise FoursplitError(text) from error


def reason(error: BaseException) -> str:
    """Return the first line of a library's error, without passwords."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return hide(first.partition(". Take a backup")[0].rstrip("."), store.uri())


def _remedy(error: BaseException) -> str:
    text = str(error).lower()
    for sign, advice in ADVICE.items():
        if sign in text:
            return advice(str(error))
    if store.database_path() is None:
        return TEAM_HINT
    return f"Nothing was deleted; keep a copy ({_copy_command()}) before you change it."


def _copy_command() -> str:
    path = store.database_path()
    return f"cp '{path}' '{path}.backup'"


def _locked(_text: str) -> str:
    others = _lock_holders()
    holders = f"open in {', '.join(others)}" if others else "open in another program"
    return f"It is {holders}. Wait until it has finished writing, or close it, and run again."


def _full(_text: str) -> str:
    return "Free space on its disk and run again."


def _outdated(text: str) -> str:
    """Advise to upgrade the database, or to use the newer MLflow that wrote it."""
    match = SCHEMA_REVISION.search(text)
    if match and not _is_known_revision(match.group(1)):
        return (
            "Another MLflow than the installed one made it, probably a newer one. Install that "
            "one, or name another store in MLFLOW_TRACKING_URI."
        )
    if store.database_path() is None:
        return (
            f"Ask its administrator to make a backup and upgrade it: {UPGRADE_COMMAND}. {TEAM_HINT}"
        )
    return f"Keep a copy and upgrade it: {_copy_command()} && mlflow db upgrade '{store.uri()}'"


def _is_known_revision(revision: str) -> bool:
    """Return whether the installed MLflow knows a schema, and so can upgrade it."""
    import mlflow

    versions = Path(mlflow.__file__).parent / "store" / "db_migrations" / "versions"
    return any(versions.glob(f"{revision}*.py"))


def _not_a_database(_text: str) -> str:
    path = store.database_path()
    if path is None:
        return TEAM_HINT
    return (
        "Its runs can be written again from data/, its champions cannot. If nobody "
        f"needs it, move it away (mv '{path}' '{path}.aside') and run `foursplit track`."
    )


def _not_writable(_text: str) -> str:
    return "Make the file and its folder writable and run again."


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
"""Text in a library's error, in lower case, and the advice for it."""


def _lock_holders() -> list[str]:
    """List the processes that have the database open, as far as the system shows them."""
    path = (store.database_path() or Path()).resolve()
    holders = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            opened = any(link.readlink() == path for link in (process / "fd").iterdir())
            name = (process / "comm").read_text().strip() if opened else ""
        except OSError:  # it has ended, or is another user's
            continue
        if opened and process.name != str(os.getpid()):
            holders.append(f"process {process.name} ({name})")
    return holders
