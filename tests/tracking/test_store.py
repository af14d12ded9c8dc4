"""The store is opened by many at once, and each finds what the other made."""

import logging
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from foursplit.cli.main import main
from foursplit.config import paths
from foursplit.core import reproducible_env
from foursplit.core.errors import FoursplitError
from foursplit.tracking import server_health, store


class Late:
    """A client for which an experiment is not there until it is looked for again."""

    def __init__(self, client):
        self.client = client
        self.looked = False

    def get_experiment_by_name(self, name):
        found = self.client.get_experiment_by_name(name) if self.looked else None
        self.looked = True
        return found

    def __getattr__(self, name):
        return getattr(self.client, name)


def test_an_experiment_that_another_process_created_meanwhile_is_taken(world):
    client = store.client()
    first = store.get_or_create_experiment(client, "improving/wines", "note")
    assert store.get_or_create_experiment(Late(client), "improving/wines", "note") == first


def test_a_deleted_experiment_is_restored(world):
    client = store.client()
    made = store.get_or_create_experiment(client, "improving/wines", "note")
    client.delete_experiment(made)
    assert store.get_or_create_experiment(client, "improving/wines", "other note") == made
    found = client.get_experiment(made)
    assert (found.lifecycle_stage, found.tags[store.DESCRIPTION_TAG]) == ("active", "other note")


@pytest.mark.parametrize("name", ["a?b", "100%20 b"])
def test_a_folder_that_reads_otherwise_in_an_address_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/{name}/mlflow.db")
    with pytest.raises(FoursplitError, match="Rename the folder"):
        store.client()
    assert list(tmp_path.iterdir()) == []


PERCENT = """
import os
from foursplit.tracking import store
store.client()
print(sorted(path.name for path in store.database_path().parent.glob("mlflow.db")))
"""


@pytest.mark.slow
def test_mlflow_below_a_folder_with_a_per_cent_sign_makes_its_store(tmp_path):
    """An environment that lies in the project lies in such a folder too."""
    folder = tmp_path / "a 100%"
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "mlflow").symlink_to(Path(find_spec("mlflow").origin).parent)
    env = {
        **os.environ,
        **reproducible_env.QUIET,
        "FOURSPLIT_ROOT": str(folder),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PYTHONPATH": os.pathsep.join([str(folder / "site"), *sys.path]),
    }
    for _ in range(2):  # made, and opened again
        done = subprocess.run(
            [sys.executable, "-c", PERCENT], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == "['mlflow.db']\n"


ADDRESSES = [
    "postgresql+pg8000://ann:Zq3s@9X@127.0.0.1:1/mlflow",
    "postgresql+pg8000://ann:Zq3s%409X@127.0.0.1:1/mlflow",
    "http://ann:Zq3s@9X@127.0.0.1:1",
    "http://ann@corp:Zq3s9X@127.0.0.1:1/?password=Zq3s9X",
    "nonsense://ann:Zq3s9X@127.0.0.1:1/mlflow",
    "oracle://ann:Zq3s9X@127.0.0.1:1/mlflow",
]

DOORS = (
    ["track"], ["gate", "wines"], ["promote", "wines"], ["serve", "wines"], ["history"],
    ["reproduce", "0123456789abcdef0123456789abcdef"], ["reproduce", "models:/wines@champion"],
)  # fmt: skip


@pytest.mark.parametrize("uri", ADDRESSES)
def test_no_command_shows_the_password_of_a_store(world, monkeypatch, capfd, caplog, uri):
    from mlflow.store.db import utils

    monkeypatch.setattr(server_health, "PAUSE_S", 0.0)
    monkeypatch.setattr(utils, "MAX_RETRY_COUNT", 1)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    for words in DOORS:
        done = CliRunner().invoke(main, words)
        shown = done.output + "".join(capfd.readouterr())
        assert "Zq3s" not in shown
        assert "9X" not in shown
        assert done.exception is None or isinstance(done.exception, SystemExit), (words, shown)
    stored = [path.read_bytes() for path in world.root.rglob("*") if path.is_file()]
    assert not any(b"Zq3s" in content for content in stored)


@pytest.mark.parametrize(
    ("missing", "way_out"),
    [("pg8000.dbapi", "make team"), ("psycopg2", "pg8000"), ("oracledb", "pip install oracledb")],
)
def test_a_driver_that_is_not_installed_is_named_with_what_brings_it(
    world, monkeypatch, missing, way_out
):
    import mlflow

    def refuse(**_):
        raise ModuleNotFoundError(f"No module named '{missing}'", name=missing)

    monkeypatch.setattr(server_health, "require_database", lambda *_: None)
    monkeypatch.setattr(mlflow, "MlflowClient", refuse)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+pg8000://ann:Zq3s9X@db/mlflow")
    with pytest.raises(FoursplitError, match=way_out) as refused:
        store.client()
    assert "Zq3s9X" not in str(refused.value)


def test_a_database_that_nobody_serves_is_refused_in_seconds(world, monkeypatch):
    """MLflow would try ten times, which takes 100 s."""
    monkeypatch.setattr(server_health, "PAUSE_S", 0.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"postgresql+pg8000://ann:Zq3s9X@127.0.0.1:{port}/m")
    began = time.monotonic()
    with pytest.raises(FoursplitError, match=r"\*\*\*@127.*no database answers there.*refused"):
        store.client()
    assert time.monotonic() - began < 5


def test_a_database_behind_a_silent_address_is_refused_in_seconds(world, monkeypatch):
    monkeypatch.setattr(server_health, "TIMEOUT_S", 0.2)
    with socket.socket() as deaf, ExitStack() as others:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        place = deaf.getsockname()
        for _ in range(2):  # who waits already: there is room for no more, and no answer
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(place)
        uri = f"postgresql+pg8000://ann:Zq3s9X@127.0.0.1:{place[1]}/m"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        began = time.monotonic()
        with pytest.raises(FoursplitError, match="no database answers there.*timed out"):
            store.client()
        assert time.monotonic() - began < 5


def test_what_libraries_log_outside_of_a_project_ends_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("FOURSPLIT_ROOT", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    paths.root.cache_clear()
    entry = logging.LogRecord("mlflow", logging.INFO, "", 1, "a line of %s", ("words",), None)
    assert store._without_password(entry)
    assert entry.getMessage() == "a line of words"
