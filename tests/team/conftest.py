"""A team's servers, started once for all tests here; each test has a database of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.team import servers


@pytest.fixture(scope="session")
def logs() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="foursplit-team-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[int]:
    servers.require_module("pg8000")
    with servers.postgres() as port:
        yield port


@pytest.fixture(scope="session")
def bucket(logs) -> Iterator[str]:
    with servers.bucket(logs) as address:
        yield address


@pytest.fixture
def database(postgres, request) -> str:
    """Give the URL of an empty database."""
    name = f"db_{abs(hash(request.node.nodeid))}"
    servers.sql(postgres, f"CREATE DATABASE {name}")
    return url(postgres, name)


def url(port: int, name: str, password: str = servers.PASSWORD) -> str:
    return f"postgresql+pg8000://foursplit:{quote(password, safe='')}@{servers.HOST}:{port}/{name}"


@dataclass(frozen=True, slots=True)
class Shared:
    """How to reach a store that several machines share."""

    env: dict[str, str]

    def set(self, monkeypatch) -> None:
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)


@pytest.fixture(params=["server", "database"])
def shared(request, database, bucket, logs) -> Iterator[Shared]:
    """Give the store through MLflow's server, or straight to the database."""
    if request.param == "database":
        root = {"MLFLOW_DEFAULT_ARTIFACT_ROOT": "s3://our-bucket/straight"}
        yield Shared({"MLFLOW_TRACKING_URI": database, **root, **servers.s3_env(bucket)})
        return
    port = servers.free_port()
    about = {
        "MLFLOW_BACKEND_STORE_URI": database,
        "MLFLOW_ARTIFACTS_DESTINATION": "s3://our-bucket/served",
        **servers.s3_env(bucket),
    }
    with servers.mlflow_server(logs, port, "--workers", "2", **about):
        yield Shared({"MLFLOW_TRACKING_URI": f"http://{servers.HOST}:{port}"})


@pytest.fixture(autouse=True)
def _no_credentials_of_whoever_runs_the_tests(monkeypatch):
    for name in os.environ:
        if name.startswith(("AWS_", "MLFLOW_TRACKING_", "MLFLOW_S3_")):
            monkeypatch.delenv(name)
