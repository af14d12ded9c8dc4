"""A server on this machine ends whole: with what it started, and however often one asks."""

import os
import signal
import socket
import sys
import threading
import time

import pytest

from foursplit.core.errors import Refusal
from foursplit.doors import local_server
from foursplit.doors.local_server import Server

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
    return Server(name="The server", command=command, env=os.environ, port=port, ready="READY")


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
    with pytest.raises(Refusal, match=r"The server ended by itself \(exit code 7\)"):
        local_server.run(server(f"{code} s.accept(); time.sleep(0.5); sys.exit(7)", port=port))


def test_a_server_that_never_answers_is_refused(port):
    with pytest.raises(Refusal, match=f"did not answer on port {port}"):
        local_server.run(server("", port=port))
