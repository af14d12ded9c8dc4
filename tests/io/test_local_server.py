"""A server on this machine ends whole: with what it started, and however often one asks."""

import fcntl
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import threading
import time

import pytest

from foursplit.core.errors import FoursplitError
from foursplit.io import local_server
from foursplit.io.local_server import ServerCommand

# A server whose child does not listen to SIGTERM, as one in the middle of a request.
STUBBORN = """
import os, signal, socket, sys, time
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(sys.argv[2], "w").write(str(os.getpid()))
    time.sleep(60)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    time.sleep(60)
"""


def server(code, *arguments, port):
    command = [sys.executable, "-c", code, str(port), *map(str, arguments)]
    return ServerCommand(
        name="The server", command=command, env=os.environ, port=port, ready_message="READY"
    )


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123, a file that may vanish meanwhile
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT] * 3])
def test_what_does_not_end_when_asked_is_killed(port, tmp_path, monkeypatch, capsys, signals):
    monkeypatch.setattr(local_server, "GRACE_S", 0.5)
    note, before = tmp_path / "pid", signal.getsignal(signal.SIGINT)

    def press():
        while not (note.exists() and note.read_text() and "READY" in said):
            said.append(capsys.readouterr().out.strip())
            time.sleep(0.05)
        for sign in signals:
            os.kill(os.getpid(), sign)
            time.sleep(0.1)

    said = []
    presser = threading.Thread(target=press)
    presser.start()
    local_server.run(server(STUBBORN, note, port=port))
    presser.join()
    end = time.monotonic() + 5
    while running(int(note.read_text())):
        assert time.monotonic() < end
    assert signal.getsignal(signal.SIGINT) is before


def test_a_server_that_ends_by_itself_is_told_with_its_exit_code(port):
    code = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
    with pytest.raises(FoursplitError, match=r"The server ended by itself \(exit code 7\)"):
        local_server.run(server(f"{code} s.accept(); time.sleep(0.5); sys.exit(7)", port=port))


def test_a_server_that_never_answers_is_refused(port):
    with pytest.raises(FoursplitError, match=f"did not answer on port {port}"):
        local_server.run(server("", port=port))


OWNER = """
import os, sys
from foursplit.io import local_server
from foursplit.io.local_server import ServerCommand
from pathlib import Path
port, folder, *command = sys.argv[1:]
local_server.GRACE_S = 0.5
local_server.run(
    ServerCommand(name="The server", command=command, env=os.environ, port=int(port),
           folder=Path(folder), ready_message="READY")
)
"""


@pytest.fixture(autouse=True)
def _default_hangup():
    """Reset SIGHUP, which is ignored where the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def owned(port, tmp_path):
    """Give a function that starts who owns a server, on a terminal or not."""
    folder, note = tmp_path / "served", tmp_path / "pid"
    folder.mkdir()
    started = []

    def start(**rest):
        code = [
            sys.executable,
            "-c",
            OWNER,
            port,
            folder,
            sys.executable,
            "-c",
            STUBBORN,
            port,
            note,
        ]
        process = subprocess.Popen(
            [*map(str, code)], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, **rest
        )
        started.append(process)
        wait_for(lambda: note.exists() and note.read_text() and answers(port))
        return process, int(note.read_text()), folder

    yield start
    for process in started:
        process.kill()
        process.wait()


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_its_owner_however_that_ends(owned, port, number):
    process, child, folder = owned()
    process.send_signal(number)
    process.wait(20)
    wait_for(lambda: not running(child) and not answers(port))
    if number == signal.SIGKILL:
        wait_for(lambda: not folder.exists())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_outlives_its_terminal(owned, port):
    ours, theirs = pty.openpty()
    process, child, _ = owned(
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    os.close(ours)
    process.wait(20)
    wait_for(lambda: not running(child) and not answers(port))


def test_under_nohup_the_end_of_the_terminal_ends_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert signal.SIGHUP not in local_server.termination_signals()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signal.SIGHUP in local_server.termination_signals()
