"""Nothing hangs for good: not after a kill, nor where a worker or a program does not answer."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foursplit.runner import processes
from foursplit.runner.job import WORKER_LOST, describe_ending

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stages side by side need Linux")

SLOW = "  slow: {cmd: 'touch started; sleep 600', outs: [slow.out]}\n"
QUICK = "  a: {cmd: cp start.txt a.out, deps: [start.txt], outs: [a.out]}\n"


def processes_in(folder):
    pids = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if path.readlink().is_relative_to(folder):
                pids.append(int(path.parent.name))
        except OSError:
            continue
    return pids


def parents_of(pid):
    """List the workers of a run."""
    return [
        child
        for child in processes.descendants(pid)
        if "foursplit.runner.workers.server" in processes.command_line(child)
    ]


@pytest.fixture
def rwlock(small):
    path = small.folder / ".dvc" / "tmp" / "rwlock"
    path.parent.mkdir(exist_ok=True)
    return path


@pytest.mark.parametrize("text", ["", '{"read": {"/x": [{"pi'])
def test_an_empty_or_torn_record_of_dvc_stops_no_run(small, rwlock, text):
    rwlock.write_text(text)
    assert "1 stages: 1 ran" in small.write(QUICK).repro()
    assert not any(json.loads(rwlock.read_text()).values())


def test_another_program_with_the_number_of_a_killed_run_is_not_waited_for(small, rwlock):
    other = subprocess.Popen(["sleep", "600"])
    try:
        entry = {"pid": other.pid, "cmd": "repro a"}
        rwlock.write_text(json.dumps({"write": {str(small.folder / "a.out"): entry}}))
        assert "1 stages: 1 ran" in small.write(QUICK).repro()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


SHORT = """
from foursplit.runner import run
run.MAX_WAIT_S = 1
from foursplit.cli.main import main
main(["repro"])
"""


def test_who_is_waited_for_is_named_and_waiting_ends(small, rwlock):
    other = subprocess.Popen(["sh", "-c", "sleep 600; : dvc repro a"], start_new_session=True)
    try:
        entry = {"pid": other.pid, "cmd": "repro a"}
        rwlock.write_text(json.dumps({"write": {str(small.folder / "a.out"): entry}}))
        stages = QUICK + QUICK.replace("a:", "b:").replace("a.out", "b.out")
        output = small.write(stages).run(sys.executable, "-c", SHORT, code=2)
        assert f"(PID {other.pid}): repro a" in output
        assert "2 stages: 1 ran, 1 failed" in output
        assert set(small.locks()) == {".:b"}
    finally:
        os.killpg(other.pid, signal.SIGKILL)
        other.wait()


HOLDING = """
import sys, time
from zc.lockfile import LockFile
held = LockFile(".dvc/tmp/lock")
open("held", "w").close()
time.sleep(600)
"""


def test_who_holds_the_project_is_named_and_waiting_ends(small, wait_for):
    other = subprocess.Popen([sys.executable, "-c", HOLDING], cwd=small.folder)
    try:
        wait_for((small.folder / "held").exists)
        output = small.write(QUICK).run(sys.executable, "-c", SHORT, code=2)
        assert f"process {other.pid}: " in output
    finally:
        other.kill()
        other.wait()


def test_a_hung_worker_does_not_outlive_a_second_interruption(small, wait_for):
    process = small.write(SLOW).start("foursplit", "repro")
    wait_for((small.folder / "started").exists)
    stopped = parents_of(process.pid)
    assert stopped
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert time.monotonic() - start < 5
    assert process.returncode == 128 + signal.SIGTERM, output
    wait_for(lambda: processes_in(small.folder) == [])


def test_a_worker_that_hangs_at_its_start_does_not_outlive_a_second_interruption(small, wait_for):
    code = (
        "import os, signal; from foursplit.runner.workers import pool; real = pool.spawn_worker\n"
        "def spawn(*given):\n"
        "    made = real(*given); os.kill(made.pid, signal.SIGSTOP); open('hangs', 'w').close()\n"
        "    return made\n"
        "pool.spawn_worker = spawn\nfrom foursplit.cli.main import main; main(['repro'])"
    )
    process = small.write(SLOW).start(sys.executable, "-c", code)
    wait_for((small.folder / "hangs").exists)
    for _ in range(2):
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT, output
    wait_for(lambda: processes_in(small.folder) == [])


@pytest.mark.slow
def test_what_a_killed_run_left_at_work_ends_before_the_next_writes(small, wait_for):
    """Its workers hang, as on a dead disk: none of them hears that the run is gone."""
    process = small.write(SLOW).start("foursplit", "repro")
    wait_for((small.folder / "started").exists)
    leftovers = processes.descendants(process.pid)
    for pid in parents_of(process.pid):
        os.kill(pid, signal.SIGSTOP)
    process.kill()
    process.communicate()
    assert [pid for pid in leftovers if processes.start_ticks(pid)]
    small.write(QUICK)
    output = small.repro()
    assert "that a killed run had left at work" in output
    assert not [pid for pid in leftovers if processes.start_ticks(pid)]
    assert "that a killed run" not in small.repro("--force")


def test_a_second_run_names_who_is_at_work(small, wait_for):
    process = small.write(SLOW).start("foursplit", "repro")
    wait_for((small.folder / "started").exists)
    assert f"process {process.pid}: " in small.repro(code=2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)


def test_a_stage_that_was_killed_says_so_on_screen_and_in_its_log(small):
    small.write("  a: {cmd: 'kill -9 $$', outs: [a.out]}\n")
    output = small.repro(code=2)
    assert "a: killed by SIGKILL" in output
    assert "memory" in output
    assert "SIGKILL" in (small.folder / ".foursplit" / "logs" / "a.log").read_text()


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (3, "code 3"),
        (137, "SIGKILL"),
        (139, "SIGSEGV"),
        (255, "code 255"),
        (WORKER_LOST, "killed"),
    ],
)
def test_how_a_command_ended_is_said_by_the_signals_name(code, word):
    assert word in describe_ending(code)
    assert ("memory" in describe_ending(code)) == (code in (137, WORKER_LOST))
