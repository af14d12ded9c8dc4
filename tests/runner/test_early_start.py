"""Workers that are started before params.yaml is read, as the last run of the targets did."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from foursplit.config import paths
from foursplit.core import reproducible_env
from foursplit.runner.workers.early_start import EarlyWorkers
from foursplit.runner.workers.start import send_plan, stop_worker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers need Linux")

SETTINGS = reproducible_env.settings("portable", 1)


@pytest.fixture
def recorded(project):
    """Give the targets of a run that recorded one light library for one worker."""
    EarlyWorkers(["wine"]).record({"models": ["json"]}, SETTINGS)
    return ["wine"]


def test_a_worker_of_the_same_settings_is_handed_over_and_takes_its_plan(recorded):
    with EarlyWorkers(recorded) as early:
        taken = early.take("models", SETTINGS)
        assert taken is not None
        process, socket = taken
        assert send_plan(process, {"foursplit stage train wine": ["json"]})
        assert socket.is_socket()
        assert early.take("models", SETTINGS) is None  # once
        stop_worker(process)
    assert process.returncode == 0


def test_a_worker_of_other_settings_is_not_used_and_ends_with_the_run(recorded):
    with EarlyWorkers(recorded) as early:
        (process,) = early.waiting.values()
        assert early.take("models", {**SETTINGS, "OMP_NUM_THREADS": "2"}) is None
    assert process.returncode is not None


def test_an_error_before_the_plan_ends_the_workers(recorded):
    early = EarlyWorkers(recorded)
    with pytest.raises(RuntimeError), early:
        (process,) = early.waiting.values()
        raise RuntimeError
    assert process.returncode is not None


def test_targets_that_never_ran_start_nothing(recorded):
    with EarlyWorkers(["other"]) as early:
        assert early.waiting == {}


def test_a_run_of_everything_is_not_recorded(project):
    EarlyWorkers([]).record({"models": ["json"]}, SETTINGS)
    with EarlyWorkers([]) as early:
        assert early.waiting == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"libraries": [], "settings": {}}', "{}"])
def test_a_record_that_was_cut_short_starts_nothing(recorded, text):
    for file in (paths.state() / "workers").iterdir():
        file.write_text(text)
    with EarlyWorkers(recorded) as early:
        assert early.waiting == {}


def test_a_worker_whose_runner_was_killed_ends(recorded):
    code = (
        "import os; from foursplit.runner.workers.early_start import EarlyWorkers\n"
        "early = EarlyWorkers(['wine']).__enter__()\n"
        "print(early.waiting['models'].pid, flush=True); os._exit(9)\n"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).stdout
    stop = time.monotonic() + 30
    pid = int(output)
    while _is_alive(pid):
        assert time.monotonic() < stop
        time.sleep(0.05)


def _is_alive(pid):
    with suppress(FileNotFoundError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"  # nobody waits for a child of a killed process
    return False
