"""MLflow's page opens on this machine alone, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from types import SimpleNamespace

import pytest

from foursplit.cli.commands.ui import ui
from foursplit.core.errors import FoursplitError


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_taken_port_is_refused_with_another_to_try(taken):
    with pytest.raises(FoursplitError, match=rf"port {taken} .*foursplit ui --port {taken + 1}"):
        ui(taken)


def test_where_a_server_has_the_runs_its_page_is_named_and_none_is_started(monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://ann:secret@mlflow.example.org/")
    monkeypatch.setattr("foursplit.cli.commands.ui.track", lambda: None)
    none = SimpleNamespace(search_experiments=list)
    monkeypatch.setattr("foursplit.tracking.store.client", lambda: none)
    ui(5000)
    assert capsys.readouterr().out.startswith("MLflow: https://ann:***@mlflow.example.org/#/exp")


def test_the_command_line_and_the_stages_start_without_mlflow():
    code = (
        "import sys, foursplit.cli.main, foursplit.tracking.runs.live_metrics\n"
        "import foursplit.cli.commands.track\n"
        "import foursplit.cli.commands.ui, foursplit.stages.select\n"
        "assert 'mlflow' not in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_ctrl_c_ends_the_page_without_a_trace(world):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", f"from foursplit.cli.commands.ui import ui; ui({port})"],
        cwd=world.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in process.stdout:
        if f"http://127.0.0.1:{port}" in line:
            break
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
        assert answer.read() == b"OK"
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in errors
    end = time.monotonic() + 5
    while _answers(port):
        assert time.monotonic() < end


def _answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
