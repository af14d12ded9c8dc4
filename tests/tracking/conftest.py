"""What the tests of MLflow's view stand on: a small project, and a database made once."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.tracking import miniature

from foursplit.config.schema import Params
from foursplit.evaluation.results import collect
from foursplit.tracking import store
from foursplit.tracking.runs import sync as tracking


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """Make MLflow's tables once: it takes seconds."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
        store.client()
    return path


@dataclass
class World:
    """A project with results, and its store."""

    root: Path
    params: Params

    def track(self):
        messages = []
        counts = tracking.sync_runs(self.params, collect(self.params), messages.append)
        return counts, messages

    def runs(self):
        """Give the runs that MLflow's page would list, by name; a name twice is a mistake."""
        client = store.client()
        ids = [experiment.experiment_id for experiment in client.search_experiments()]
        runs = client.search_runs(ids)
        assert len({run.info.run_name for run in runs}) == len(runs)
        return {run.info.run_name: run for run in runs}


@pytest.fixture
def world(project, empty_database, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copyfile(empty_database, project / "mlflow.db")
    return World(root=project, params=miniature.make(project))


@pytest.fixture
def start_track(project):
    """Start `foursplit track` as a process of its own: MLflow keeps a store open in ours."""

    def start():
        code = "from foursplit.cli.commands.track import track; track()"
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
