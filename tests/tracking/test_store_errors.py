"""Trouble with a store is told in a sentence, with a way out that destroys nothing."""

import errno
import re
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from foursplit.cli.commands import track as door
from foursplit.core.errors import FoursplitError, remedy
from foursplit.tracking import store, store_errors

DESTROYS = re.compile(r"delete it|remove|\brm\b|throw", re.IGNORECASE)


def told(error):
    with pytest.raises(FoursplitError) as refused, store_errors.explain_errors():
        raise error
    text = str(refused.value)
    assert not DESTROYS.search(text)
    assert "Traceback" not in text
    assert text.startswith(f"{store.display_uri()}: ")
    return text


def of_database(message):
    return OperationalError(None, None, sqlite3.OperationalError(message))


@pytest.fixture
def _own(world):
    """Have a store of the project's own."""


@pytest.mark.usefixtures("_own")
@pytest.mark.parametrize(
    ("message", "way_out"),
    [
        ("database is locked", "run again"),
        ("database or disk is full", "Free space"),
        ("disk I/O error", "Free space"),
        ("attempt to write a readonly database", "writable"),
        ("unable to open database file", "writable"),
        ("database disk image is malformed", r"move it away \(mv '"),
        ("file is not a database", r"move it away \(mv '"),
        ("something new", r"keep a copy \(cp '"),
        ("", "keep a copy"),
    ],
)
def test_each_trouble_has_a_way_out(message, way_out):
    assert re.search(way_out, told(of_database(message)))


@pytest.mark.parametrize("message", ["database is locked", "file is not a database", "else"])
def test_of_a_store_that_others_use_the_page_about_it_is_named(world, monkeypatch, message):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://ann:s3cret@db/mlflow")
    text = told(of_database(f"{message} at postgresql://ann:s3cret@db/mlflow"))
    assert "s3cret" not in text
    if message != "database is locked":
        assert "docs/team.md" in text


def test_an_error_of_the_system_stays_one(world):
    with pytest.raises(OSError, match="No space"), store_errors.explain_errors():
        raise OSError(errno.ENOSPC, "No space left on device")


def test_an_error_of_a_library_that_calls_itself_the_systems_is_told(world):
    assert "no route" in told(OSError("no route"))


def schema(path, revision):
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        opened.commit()


def test_an_older_store_is_to_be_copied_and_upgraded(world):
    path = world.root / "mlflow.db"
    schema(path, "4465047574b1")
    with pytest.raises(FoursplitError) as refused:
        door.track()
    text = str(refused.value)
    assert f"cp '{path}' '{path}.backup' && mlflow db upgrade 'sqlite:///{path}'" in text
    assert not DESTROYS.search(text)


def test_a_store_of_an_mlflow_that_we_do_not_know_is_no_upgrade(world):
    schema(world.root / "mlflow.db", "ffffffffffff")
    with pytest.raises(FoursplitError, match="Another MLflow than the installed one"):
        door.track()


def test_who_holds_a_locked_store_open_is_named(world, start_holder):
    with start_holder(world.root / "mlflow.db") as number:
        assert f"process {number} (" in told(of_database("database is locked"))


@pytest.fixture
def start_holder():
    @contextmanager
    def start(path):
        code = f"held = open({str(path)!r}); print('open', flush=True); input()"
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            process.stdout.readline()
            yield process.pid
        finally:
            process.communicate(b"\n")

    return start


@pytest.mark.parametrize(
    ("number", "way_out"),
    [
        (errno.ENOSPC, "Free space"),
        (errno.EROFS, "writable"),
        (errno.EACCES, "right"),
        (errno.ENAMETOOLONG, "shorter"),
        (errno.EMFILE, "open files"),
        (errno.ECHILD, ""),
    ],
)
def test_the_way_out_is_that_of_the_error_and_promises_nothing_else(number, way_out):
    text = remedy(OSError(number, "no"))
    assert way_out in text
    assert bool(text) == bool(way_out)
    assert "harmed" not in text
