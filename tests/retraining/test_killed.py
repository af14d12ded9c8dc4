"""Killed anywhere, a retraining leaves the champion what it was, and the next one completes."""

import os
import signal
import time

import pytest
from tests.retraining.world import GROUP, git

from foursplit.core.errors import FoursplitError
from foursplit.tracking.registry import registry


@pytest.fixture
def champion(monkeypatch):
    """Ask a runner's store who is champion, with the files checked."""

    def ask(runner):
        monkeypatch.setenv("FOURSPLIT_ROOT", str(runner.folder))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", runner.env["MLFLOW_TRACKING_URI"])
        found = registry.load_champion(GROUP)
        return None if found is None else found.number

    return ask


@pytest.mark.slow
def test_killed_at_any_moment_the_champion_stays_and_the_next_completes_in_ci(world, champion, rng):
    runner = world.runner()
    runner.env["MLFLOW_TRACKING_URI"] = f"sqlite:///{runner.folder / 'mlflow.db'}"
    began = time.monotonic()
    runner.retrain("0" * 40, "--promote")
    whole = time.monotonic() - began
    assert champion(runner) == 1
    # Better by far, so that a retraining that comes to its end promotes it.
    world.set(columns=[1, 2])
    since = git(runner.folder, "rev-parse", "HEAD")
    world.push("Look at the load too")
    git(runner.folder, "pull", "-q", "--rebase", "--autostash", "origin", "main")
    command = ("foursplit", "retrain", "--since", since, "--promote")
    for _ in range(int(os.environ.get("FOURSPLIT_KILLS", "3"))):
        process = runner.start(*command)
        time.sleep(float(rng.uniform(0.05, 0.9)) * whole)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert champion(runner) in (1, 2)
    runner.run(*command)
    assert champion(runner) == 2
    with pytest.raises(FoursplitError):
        registry.load_version(GROUP, "3")  # nothing was stored twice
