"""What a run ends with, whether or not MLflow takes its runs."""

import pytest
from tests.reporting.miniature import make_project

from foursplit.cli.commands import track
from foursplit.cli.render.finish import finish_run
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Give a list that grows with each time that runs are written to MLflow."""
    monkeypatch.setenv("FOURSPLIT_ROOT", str(tmp_path))
    paths.root.cache_clear()
    make_project(tmp_path)
    calls: list[str] = []
    monkeypatch.setattr(track, "track", lambda: calls.append("tracked"))
    return calls


def test_a_store_that_refuses_takes_no_result_away(told, monkeypatch, capsys):
    def refuse():
        raise FoursplitError("mlflow.db: locked")

    monkeypatch.setattr(track, "track", refuse)
    with pytest.raises(FoursplitError, match="locked"):
        finish_run(load(), 61.0, changed=True)
    said = capsys.readouterr().out
    assert "wines_good" in said
    assert "61 s. Report: " in said
    assert "MLflow" not in said
    monkeypatch.setattr(track, "track", lambda: told.append("tracked"))
    finish_run(load(), 1.0, changed=False)  # nothing changed since, and nothing was written yet
    assert told == ["tracked"]


def test_runs_are_written_once_while_nothing_changes(told, capsys):
    finish_run(load(), 1.0, changed=True)
    finish_run(load(), 1.0, changed=False)
    assert told == ["tracked"]
    assert capsys.readouterr().out.count("Compare runs in MLflow") == 2
