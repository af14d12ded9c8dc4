"""Real servers for the tests of a team's set-up: PostgreSQL, MLflow, S3; each on a free port."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HOST = "127.0.0.1"

PATIENCE_S = 600.0  # for a server to answer, beside other tests

PASSWORD = "a secret@of-the:test"  # what a URL must quote, so that forgetting it is found


def require_module(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed: `make team-dev` does it")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def wait_for(port: int, process: subprocess.Popen | None, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not answers(port):
        dead = process is not None and process.poll() is not None
        assert not dead, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


@contextmanager
def running(command: list[str], port: int, folder: Path, **env: str) -> Iterator[Path]:
    """Run a server until the block ends, and kill all of its processes; give its log."""
    log = folder / f"server-{port}.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **env},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(port, process, log)
        yield log
    finally:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, sign)
                process.wait(10)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue


@contextmanager
def postgres() -> Iterator[int]:
    """Run a PostgreSQL of its own, with a user `foursplit` who needs `PASSWORD`; give the port."""
    folders = shutil.which("initdb") or next(
        iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None
    )
    if folders is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    binaries, as_user = Path(folders).resolve().parent, _not_root()
    # Not pytest's folder: that is root's alone, and PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="foursplit-postgres-"))
    try:
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        if as_user:
            for path in (folder, secret):
                shutil.chown(path, as_user["user"], as_user["group"])
        data, port, log = folder / "data", free_port(), folder / "log"
        options = f"-c listen_addresses={HOST} -p {port} -k {folder} -c fsync=off"
        for command in (
            [
                binaries / "initdb",
                "-D",
                data,
                "-U",
                "foursplit",
                "--pwfile",
                secret,
                "--auth",
                "scram-sha-256",
                "-E",
                "UTF8",
                "--locale",
                "C",
                "--no-sync",
            ],
            [binaries / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"],
        ):
            subprocess.run(
                [*map(str, command)], cwd=folder, check=True, stdout=subprocess.DEVNULL, **as_user
            )
        try:
            yield port
        finally:
            stop = [str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"]
            subprocess.run(stop, cwd=folder, check=True, stdout=subprocess.DEVNULL, **as_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _not_root() -> dict:
    """Name the user that Debian's package makes for its server, where we are root."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def sql(port: int, statement: str, database: str = "postgres") -> list:
    """Run one statement, and give its rows."""
    import pg8000.native

    with pg8000.native.Connection(
        "foursplit", host=HOST, port=port, database=database, password=PASSWORD
    ) as connection:
        return connection.run(statement)


@contextmanager
def bucket(folder: Path) -> Iterator[str]:
    """Run an S3 server with a bucket `our-bucket`; give its address."""
    require_module("moto")
    require_module("boto3")
    port = free_port()
    with running([sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)], port, folder):
        import boto3

        address = f"http://{HOST}:{port}"
        boto3.client("s3", endpoint_url=address, **KEYS_BOTO).create_bucket(Bucket="our-bucket")
        yield address


KEYS_BOTO = {
    "aws_access_key_id": "ann",
    "aws_secret_access_key": "ann's",
    "region_name": "us-east-1",
}


def s3_env(address: str) -> dict[str, str]:
    """Say what a team sets to reach its bucket; the address only where it is not Amazon's."""
    return {
        "AWS_ACCESS_KEY_ID": KEYS_BOTO["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS_BOTO["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": KEYS_BOTO["region_name"],
        "AWS_ENDPOINT_URL": address,
        "MLFLOW_S3_ENDPOINT_URL": address,
    }


@contextmanager
def mlflow_server(folder: Path, port: int, *options: str, **env: str) -> Iterator[Path]:
    """Run MLflow's server as docs/team.md starts it; give its log."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port)]
    # Else uvicorn kills workers that other tests keep from answering for five seconds.
    command += ["--uvicorn-opts", "--timeout-worker-healthcheck 120"]
    with running([*command, *options], port, folder, **SERVER, **env) as log:
        yield log


SERVER = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONWARNINGS": "ignore"}
