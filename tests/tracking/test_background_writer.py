"""Runs are written beside the stages: the same ones as later, whatever becomes of the process."""

import json
import signal
import time
from types import SimpleNamespace

import pytest

from foursplit.runner import background_tracking
from foursplit.runner.background_tracking import BackgroundTracking
from foursplit.runner.dvc_adapter.graph import PlannedStage
from foursplit.tracking.runs.provenance import LockFiles

WINES, SUGAR = "wines_soft seed 1", "sugar_line seed 1"
OF_WINES = ("train@wines_soft", "evaluate@wines_soft", "select@wines", "final@wines")
OF_SUGAR = ("train@sugar_line", "evaluate@sugar_line", "select@sugar", "final@sugar")


class Followed:
    """A run of the small project's stages as the runner reports it, without the stages."""

    def __init__(self, params):
        self.messages: list[str] = []
        self.pids: list[int] = []
        self.tracking = BackgroundTracking(params)
        names = ["split@wine", *OF_WINES, *OF_SUGAR]
        stages = {
            name: PlannedStage(name=name, title=name, commands=(name,), needs=frozenset())
            for name in names
        }
        self.tracking.follow(SimpleNamespace(unwritten_stages=[]), stages, self.pids.append)

    def finish(self, *names, changed=True):
        for name in names:
            self.tracking.stage_done(name, changed=changed)

    def sync(self):
        return self.tracking.finish(self.messages.append)

    def wait_for_end(self):
        return self.tracking.process.wait(60)


@pytest.fixture
def followed(world):
    run = Followed(world.params)
    with run.tracking:
        yield run


def wait_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_group_is_written_when_its_last_stage_is_done_and_equals_a_later_sync(world, followed):
    followed.finish("split@wine", *OF_SUGAR[:3], *OF_WINES)

    def statuses():
        return {name: run.info.status for name, run in world.runs().items()}

    wait_until(lambda: statuses() == {WINES: "FINISHED"})  # sugar's winner is not known yet
    followed.finish(OF_SUGAR[3])
    assert followed.sync()
    assert followed.messages[-1] == "MLflow: 2 new runs, 0 unchanged"
    assert statuses() == {WINES: "FINISHED", SUGAR: "FINISHED"}
    counts, _ = world.track()
    assert (counts.new, counts.kept) == (0, 2)


def test_after_a_failure_the_groups_that_are_complete_are_written(world, followed):
    followed.finish(*OF_WINES, "train@sugar_line")  # its evaluation fails
    followed.tracking.finish_requested(followed.messages.append)
    assert set(world.runs()) == {WINES}
    assert "1 new runs" in followed.messages[-1]


def test_without_a_change_no_process_starts(followed):
    followed.finish(*OF_WINES, *OF_SUGAR, changed=False)
    assert followed.pids == []
    assert not followed.sync()


def test_a_killed_process_leaves_all_to_the_sync_at_the_end(world, followed):
    followed.finish(*OF_WINES)
    followed.tracking.process.kill()
    followed.wait_for_end()
    followed.finish(*OF_SUGAR)  # into a pipe without a reader
    assert not followed.sync()
    world.track()
    assert {run.info.status for run in world.runs().values()} == {"FINISHED"}
    assert len(world.runs()) == 2


def test_a_store_that_refuses_ends_the_process_and_no_password_is_written(
    world, followed, monkeypatch
):
    address = "postgresql+pg8000://ann:s3cret@127.0.0.1:1/mlflow"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("MLFLOW_DEFAULT_ARTIFACT_ROOT", str(world.root / "files"))
    followed.finish(*OF_WINES)
    assert followed.wait_for_end() == 1
    assert not followed.sync()
    log = (world.root / ".foursplit" / "logs" / "mlflow.log").read_text()
    assert "no database answers" in log
    assert "s3cret" not in log


def test_it_ends_with_the_runner_and_one_that_hangs_is_killed(followed, monkeypatch):
    followed.finish(*OF_WINES)
    process = followed.tracking.process
    monkeypatch.setattr(background_tracking, "STOP_TIMEOUT_S", 60.0)
    followed.tracking.close()  # closes the input, as the end of the runner does
    assert process.returncode == 0
    monkeypatch.setattr(background_tracking, "STOP_TIMEOUT_S", 0.2)
    again = Followed(followed.tracking.params)
    again.finish(*OF_WINES)
    process = again.tracking.process
    process.send_signal(signal.SIGSTOP)  # a disk, or a server, that does not answer
    again.tracking.close()
    assert process.returncode == -signal.SIGKILL


def test_an_entry_that_no_lock_file_has_yet_is_newer_than_the_file(world):
    def entry(digest):
        return {"outs": [{"path": "../../data/split/wine/seen", "md5": digest}]}

    lock = world.root / "pipelines" / "data" / "dvc.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"stages": {"split@wine": entry("old.dir")}}))
    unwritten = {"pipelines/data/dvc.yaml:split@wine": entry("new.dir")}
    assert LockFiles().digests("wine")["seen"] == "old.dir"
    assert LockFiles(unwritten).digests("wine")["seen"] == "new.dir"
