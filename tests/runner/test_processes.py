"""Processes are identified by pid and start time; ended ones do not count."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.runner import leftover_processes, processes
from foursplit.runner.dvc_adapter import read_write_locks
from foursplit.runner.dvc_adapter.read_write_locks import remove_stale_entries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def other():
    """Start a program that is no DVC."""
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def like_dvc():
    """Start a program that could be a DVC by its words."""
    process = subprocess.Popen(["sh", "-c", "sleep 60; : dvc repro"], start_new_session=True)
    time.sleep(0.1)
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def rwlock(tmp_path):
    path = tmp_path / ".dvc" / "tmp" / "rwlock"
    path.parent.mkdir(parents=True)
    return path


def entry(pid, cmd="repro a"):
    return {"pid": pid, "cmd": cmd}


def dead():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@given(st.text() | st.recursive(st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["read", "write", "pid"]), x)).map(json.dumps))  # fmt: skip  # noqa: E501
def test_whatever_lies_there_is_mended_or_left_and_a_mended_one_is_whole(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ".dvc" / "tmp" / "rwlock"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        remove_stale_entries(Path(folder))
        assert not path.exists() or read_write_locks._read(path) is not None


@pytest.mark.parametrize("text", ["", "{", '{"read": {"a"', "[]", "null", '{"write": {"a": 3}}'])
def test_a_torn_record_is_removed(tmp_path, rwlock, text):
    rwlock.write_text(text)
    assert len(remove_stale_entries(tmp_path)) == 1
    assert not rwlock.exists()
    assert remove_stale_entries(tmp_path) == []


def test_a_living_dvc_stays_and_all_others_go(tmp_path, rwlock, other, like_dvc):
    dead_entries = [
        entry(dead()),
        entry(other.pid),
        entry(os.getpid()),
        entry(like_dvc.pid, "foursplit repro (x)"),
    ]
    rwlock.write_text(
        json.dumps(
            {
                "read": {"/a": [entry(like_dvc.pid), *dead_entries], "/b": dead_entries},
                "write": {"/c": entry(like_dvc.pid), "/d": dead_entries[1]},
            }
        )
    )
    assert len(remove_stale_entries(tmp_path)) == len(dead_entries)
    assert json.loads(rwlock.read_text()) == {
        "read": {"/a": [entry(like_dvc.pid)]},
        "write": {"/c": entry(like_dvc.pid)},
    }
    assert remove_stale_entries(tmp_path) == []


def test_a_dvc_that_started_after_the_record_was_written_is_another(tmp_path, rwlock, like_dvc):
    rwlock.write_text(json.dumps({"write": {"/a": entry(like_dvc.pid)}}))
    before = time.time() - 3600
    os.utime(rwlock, (before, before))
    assert len(remove_stale_entries(tmp_path)) == 1


def test_a_process_is_known_by_its_number_and_its_start(other):
    assert abs(processes.start_time(other.pid) - time.time()) < 5
    assert processes.command_line(other.pid) == "sleep 60"
    assert processes.describe(other.pid) == f"process {other.pid}: sleep 60"
    assert other.pid in processes.descendants(os.getpid())
    pid = dead()
    assert (processes.start_ticks(pid), processes.start_time(pid), processes.command_line(pid)) == (
        None,
        None,
        "",
    )


def test_what_a_killed_run_left_at_work_is_ended_with_all_it_started(tmp_path, like_dvc):
    record = leftover_processes.WorkerRecord(tmp_path)
    with tempfile.TemporaryDirectory(
        prefix=leftover_processes.PREFIX, ignore_cleanup_errors=True
    ) as folder:
        sockets = Path(folder)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(sockets / "tables1"))
        record.add(like_dvc.pid, sockets)
        children = processes.descendants(like_dvc.pid)
        assert len(children) == 1  # the sleep of the shell
        assert leftover_processes.end_leftovers(tmp_path) == 2
        assert all(processes.start_ticks(pid) is None for pid in (like_dvc.pid, *children))
        assert not sockets.exists()
    assert leftover_processes.end_leftovers(tmp_path) == 0


def test_another_process_with_its_number_is_left_alone(tmp_path, other):
    record = leftover_processes.WorkerRecord(tmp_path)
    record.content["workers"] = [[other.pid, 1]]
    foreign = tmp_path / "folder"
    foreign.mkdir()
    (foreign / "file").write_text("x")
    record.add(dead(), foreign)
    assert leftover_processes.end_leftovers(tmp_path) == 0
    assert other.poll() is None
    assert (foreign / "file").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"workers": [3, [1], null], "sockets": ["/"]}'])
def test_a_torn_record_of_workers_harms_nobody(tmp_path, text):
    (tmp_path / leftover_processes.FILE_NAME).write_text(text)
    assert leftover_processes.end_leftovers(tmp_path) == 0
