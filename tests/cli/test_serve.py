"""A registered model answers requests on this machine with its stored table's numbers."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from tests.promotion import winner
from tests.promotion.winner import GROUP
from tests.tracking import network_winner

from foursplit import plugins
from foursplit.cli.main import main
from foursplit.config import paths
from foursplit.io import local_server
from foursplit.tracking.registry import mlmodel, pyfunc_model, registry, version_files

ROOT = Path(__file__).resolve().parents[2]

NAMES = plugins.dataset("wine").SPEC.features

BLOCKS = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "docs/serving.md").read_text(), re.DOTALL)


def block(word):
    """Give the one block of docs/serving.md that has `word`."""
    (found,) = [text for _, text in BLOCKS if word in text]
    return found


@pytest.fixture
def small(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlflow.db")
    winner.make(project)
    winner.train(sees_strong=True)
    return project


def register(group=GROUP, key=winner.KEY, features=NAMES):
    version = registry.register(
        *(group, paths.models(group, key), paths.final(group), {}, print), features=features
    )
    registry.promote(version, None, print)
    return version


def probabilities(version):
    table = pd.read_parquet(version.folder / "seed_1" / "dev.parquet")
    return table.filter(like="proba_").to_numpy()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(command, port, root):
    """Run a command until its model answers; afterwards end all that it started."""
    temporary = root / "temporary"
    temporary.mkdir(exist_ok=True)
    process = subprocess.Popen(
        command,
        cwd=root,
        text=True,
        start_new_session=True,
        env={**os.environ, **PATH, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        end = time.monotonic() + 120
        while not answering(port):
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < end
            time.sleep(0.2)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)


PATH = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def answering(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def post(port, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return np.array(json.load(answer)["predictions"])


def refusal(port, body, **headers):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)
    with caught.value as answer:
        assert len(answer.read()) < 10_000
        return answer.status


def rows(x, names=NAMES):
    return {"dataframe_split": {"columns": list(names), "data": x.astype(float).tolist()}}


def refused(*arguments):
    done = CliRunner().invoke(main, ["serve", *map(str, arguments)])
    assert done.exit_code == 2, done.output
    return done.output


def test_a_taken_port_is_refused_with_another_to_try(project):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert f"foursplit serve wines --port {port + 1}" in refused("wines", "--port", port)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wins", "Did you mean 'wines'"),
        (f"{GROUP}@champio", "Did you mean 'champion'"),
        (f"{GROUP}/7", "Valid: 1, challenger, champion"),
        (f"{GROUP}/1/2", "models:/<group>@<alias>"),
        ("", "models:/<group>@<alias>"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(small, name, message):
    register()
    assert message in refused(name, "--port", free_port())


def test_files_are_checked_before_anything_starts(small, monkeypatch):
    version = register()
    monkeypatch.setattr(local_server, "run", lambda _: pytest.fail("started"))
    path = version.folder / mlmodel.NAME
    path.write_text(path.read_text().replace(mlmodel.LOADER, "antigravity"))
    assert "loader_module: 'antigravity'" in refused(GROUP, "--port", free_port())
    path.unlink()
    assert "MLmodel: missing" in refused(GROUP, "--port", free_port())


def test_an_architecture_that_has_changed_is_refused_before_anything_starts(small, monkeypatch):
    from foursplit.training import manifest

    register()
    monkeypatch.setattr(local_server, "run", lambda _: pytest.fail("started"))
    monkeypatch.setattr(manifest, "code_hash", lambda _: "another")
    assert "model 'logistic_sklearn' has changed" in refused(GROUP, "--port", free_port())


def started(monkeypatch, name):
    """Run the command up to the server, and give what it would start, and from which files."""
    found = []

    def note(server):
        folder = Path(server.env[pyfunc_model.SERVED])
        found.append((server, version_files.digests(folder)))

    monkeypatch.setattr(local_server, "run", note)
    done = CliRunner().invoke(main, ["serve", name, "--port", str(free_port())])
    assert done.exit_code == 0, done.output
    return found[0]


@pytest.mark.parametrize("name", [GROUP, f"{GROUP}@champion", f"{GROUP}/1", f"models:/{GROUP}/1"])
def test_a_checked_copy_is_served_on_this_machine_without_analytics(small, monkeypatch, name):
    version = register()
    server, files = started(monkeypatch, name)
    assert files == {k: v for k, v in version.files.items() if not k.endswith(".parquet")}
    assert server.command[-2] == "127.0.0.1"
    assert server.env["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert server.env["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert server.env["OMP_NUM_THREADS"] == "1"  # as the manifest has it
    assert server.env["ATEN_CPU_CAPABILITY"] == "avx2"
    assert f"models:/{GROUP}/1" in server.ready_message
    assert all(name in server.ready_message for name in NAMES)


def test_a_version_of_before_is_served_as_one_array(small, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(mlmodel, "write", lambda *_: None)
        version = register()
    server, files = started(monkeypatch, GROUP)
    assert mlmodel.NAME in files
    assert mlmodel.NAME not in version.files
    assert "(n, 13)" in server.ready_message


def test_the_pages_python_gives_the_dev_tables_numbers(small, monkeypatch):
    version = register()
    monkeypatch.chdir(small)
    x = winner.examples("dev").x
    names = {"table": pd.DataFrame(x.astype(np.float64), columns=list(NAMES))}
    code = block("pyfunc").replace("c2w3_wine", GROUP)
    code = code.replace("model.predict(table)", "found = model.predict(table)")
    exec(compile(code, "docs/serving.md", "exec"), names)
    np.testing.assert_allclose(names["found"], probabilities(version), rtol=0, atol=1e-12)


@pytest.mark.slow
def test_mlflow_itself_serves_the_dev_tables_numbers_in_ci(small):
    """The page's command, word by word but for the names of the group and the port."""
    version, port = register(), free_port()
    line = block("mlflow models serve").replace("c2w3_wine", GROUP).replace("5001", str(port))
    with serving(["bash", "-c", line], port, small):
        x = winner.examples("dev").x
        found = post(port, rows(x))
        np.testing.assert_allclose(found, probabilities(version), rtol=0, atol=1e-12)
        with pytest.raises(urllib.error.HTTPError) as caught:
            post(port, rows(x[:, 1:], NAMES[1:]))
        assert caught.value.code == 400
        assert "alcohol" in caught.value.read().decode()
    assert registry.load_version(GROUP, "champion").number == 1  # nothing left in the store


@pytest.mark.slow
def test_the_command_serves_what_the_page_asks_and_ctrl_c_ends_it_all_in_ci(small):
    version, port = register(), free_port()
    network_winner.train()
    pictures = register(network_winner.GROUP, network_winner.KEY, ())
    with serving(foursplit_serve(GROUP, port), port, small) as process:
        found = post(port, rows(winner.examples("dev").x))
        np.testing.assert_allclose(found, probabilities(version), rtol=0, atol=1e-12)
        curl = shlex.split(block("curl").replace("5001", str(port)))
        if shutil.which("curl"):
            answer = json.loads(subprocess.check_output(curl, text=True))["predictions"]
            assert np.allclose(np.sum(answer, axis=1), 1)
            assert len(answer) == 2
        assert refusal(port, rows(np.full((1, len(NAMES)), np.nan))) == 400
        assert refusal(port, rows(np.ones((1, len(NAMES)))), Host="evil.example") == 403
        assert refusal(port, "x" * 17 * 2**20) == 413
        interrupt(process)
    assert not answering(port)
    assert not list((small / "temporary").glob("foursplit-serve-*"))
    with serving(foursplit_serve(network_winner.GROUP, port), port, small) as process:
        found = post(port, {"inputs": network_winner.examples().x.tolist()})
        np.testing.assert_allclose(found, probabilities(pictures), rtol=0, atol=1e-6)
        interrupt(process)
    assert not answering(port)


def foursplit_serve(group, port):
    (line,) = [one for one in block("@challenger").splitlines() if "until Ctrl-C" in one]
    words = shlex.split(line.replace("c2w3_wine", group), comments=True)
    assert words[:3] == ["foursplit", "serve", group]
    return [sys.executable, "-m", *words, "--port", str(port)]


def interrupt(process):
    """Press Ctrl-C."""
    os.kill(process.pid, signal.SIGINT)
    text, _ = process.communicate(timeout=30)
    assert process.returncode == 0, text
    assert "Traceback" not in text
