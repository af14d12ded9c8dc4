"""What a run ends with, whether or not MLflow takes its runs."""

from pathlib import Path

import pytest
from tests.reporting.miniature import make_project

from foursplit.cli.commands import track
from foursplit.cli.render.finish import finish_run
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.runner import unchanged
from foursplit.runner.targets import experiments_asked


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
    assert "61 s." in said
    assert "Report: " not in said  # nothing was written: no stage `report` has run
    assert "MLflow" not in said
    monkeypatch.setattr(track, "track", lambda: told.append("tracked"))
    finish_run(load(), 1.0, changed=False)  # nothing changed since, and nothing was written yet
    assert told == ["tracked"]


def test_runs_are_written_once_while_nothing_changes(told, capsys):
    finish_run(load(), 1.0, changed=True)
    finish_run(load(), 1.0, changed=False)
    assert told == ["tracked"]
    assert capsys.readouterr().out.count("Compare runs in MLflow") == 2


def test_a_part_has_its_own_table_and_pages_and_only_a_written_page_is_named(told, capsys):
    params = load()
    stage = "pipelines/own/dvc.yaml:evaluate@"
    (course,) = {c for c, block in params.experiments.items() if "wines_good" in block}
    asked = experiments_asked(params, [stage.replace("own", course) + "wines_good"])
    assert asked == {"wines_good"}
    finish_run(params, 1.0, changed=False, asked=asked)
    said = capsys.readouterr().out
    others = {key for key in params.experiments[course] if key != "wines_good"}
    assert "wines_good" in said
    assert others
    assert not any(key in said for key in others)
    page = Path(said.partition("Report: ")[2].partition("\n")[0])
    assert page.is_file()
    assert (page.parent / "experiments" / "wines_good.html").is_file()
    for target in ('href="', "href='"):
        for link in page.read_text().split(target)[1:]:
            path = link.partition(target[-1])[0].partition("#")[0]
            assert not path or "://" in path or (page.parent / path).exists(), path


def test_the_pages_of_a_part_are_known_as_the_runs_own(told, monkeypatch):
    monkeypatch.setattr(unchanged, "RACY_NS", 20_000_000)
    params = load()
    paths.state().mkdir(exist_ok=True)
    for _ in range(2):  # the second run writes the same pages again
        watch = unchanged.RunWatch(["wines_good"])
        finish_run(params, 1.0, changed=False, asked={"wines_good"}, watch=watch)
        watch.record("the table")
        assert unchanged.recorded_text(["wines_good"]) == "the table"


def test_data_stages_ask_for_no_experiment_and_the_whole_for_all(told):
    params = load()
    assert experiments_asked(params, []) is None
    assert experiments_asked(params, ["report"]) is None
    assert experiments_asked(params, ["pipelines/data/dvc.yaml:split@wine"]) == frozenset()
