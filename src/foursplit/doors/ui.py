"""Open MLflow's page on this machine."""

import os
import signal
import socket
import subprocess
import sys
import time

import click

from foursplit.core import environment
from foursplit.core.errors import Refusal
from foursplit.doors.track import track

HOST = "127.0.0.1"  # the page lets anyone who reaches it delete runs: nobody from outside may

PAGE = "#/experiments"

HINT = """The first time, choose "Model training" at its top left: MLflow takes us for chatbots."""
"""No address says it for all pages, and MLflow has no setting for it; the browser remembers it."""

SERVER = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # for language models; more processes
    "PYTHONWARNINGS": "ignore",  # of MLflow about the libraries it uses
}

PATIENCE_S = 180.0  # for the server to answer, on a slow disk or a busy machine

GRACE_S = 5.0  # for it to end, before it is killed


def ui(port: int) -> None:
    """Write the runs that MLflow lacks, and serve its page until Ctrl-C."""
    _require_free(port)
    track()
    server = subprocess.Popen(
        _command(port),
        env={**os.environ, **environment.QUIET, **SERVER},
        # A group of its own: Ctrl-C reaches us alone, and we end all of it.
        start_new_session=True,
    )
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        _wait(server, port)
        click.echo(f"MLflow: http://{HOST}:{port}/{PAGE} (Ctrl-C ends it)\n{HINT}")
        code = server.wait()
        raise Refusal(f"MLflow's server ended by itself (exit code {code}); see the lines above.")
    except KeyboardInterrupt:
        click.echo("")
    finally:
        _end(server)
        signal.signal(signal.SIGTERM, before)


def _command(port: int) -> list[str]:
    from foursplit.tracking import store

    folder = store.artifacts()
    served = [] if folder is None else ["--artifacts-destination", folder.as_uri()]
    stores = ("--backend-store-uri", store.uri(), "--registry-store-uri", store.uri())
    return [
        *(sys.executable, "-m", "mlflow", "ui", *stores, *served),
        *("--host", HOST, "--port", str(port), "--workers", "1"),
        *("--uvicorn-opts", "--log-level warning"),
    ]


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # As the server does: a port that was in use a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise Refusal(
                f"port {port} of {HOST} cannot be used ({error}); choose another: "
                f"foursplit ui --port {port + 1 if port < 65535 else 5001}"
            ) from error


def _wait(server: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until the page answers."""
    end = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise Refusal(f"MLflow's server did not answer on port {port}; see the lines above.")


def _end(server: "subprocess.Popen[bytes]") -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, sign)
            server.wait(GRACE_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _leave(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
