"""Champions over time: who it was, by which verdict, and what changed against the one before."""

import json
import re
import subprocess
from datetime import UTC, datetime

import pandas as pd
import pytest
from click.testing import CliRunner
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY

from foursplit.cli.main import main
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.history import gap_history as past
from foursplit.history.gap_history import HistoryStep, RunVersion
from foursplit.history.past_runs import PastRun
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.registry import champions as told
from foursplit.tracking.registry import registry
from foursplit.tracking.runs.run_data import MODEL_HASH


@pytest.fixture
def small(project, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(subprocess, "run", winner.timed_here)
    winner.make(project)
    return project


def gate(*arguments, code=0):
    process = CliRunner().invoke(main, ["gate", GROUP, *arguments])
    assert process.exit_code == code, process.output


@pytest.fixture
def three(small):
    """Store a first champion, a better one that took its place, and a worse challenger."""
    winner.train(sees_strong=False)
    gate("--promote")
    winner.train(sees_strong=True)
    gate("--promote")
    winner.train(sees_strong=False, trained_on=1)
    gate(code=5)
    return small


def champions(steps=()):
    return told.list_champions(load(), GROUP, steps)


def test_each_version_is_told_with_its_verdict_and_whom_it_was_judged_against(three):
    first, second, third = champions()
    assert [one.was_champion for one in (first, second, third)] == [True, True, False]
    assert [one.judged_against for one in (first, second, third)] == [None, 1, 2]
    verdicts = [one.as_json()["verdict"] for one in (first, second, third)]
    assert verdicts == ["PROMOTE", "PROMOTE", "REJECT"]
    assert second.version.aliases == ("champion",)
    assert third.version.aliases == ("challenger",)


def test_errors_come_from_the_stored_tables_with_intervals(three):
    _, second, third = champions()
    for one in (second, third):
        assert one.splits.keys() == {"dev", "test"}
        for error in one.splits.values():
            assert error.lo <= error.value <= error.hi
    moved = {gap.name: gap for gap in third.gap_changes.splits}
    assert moved["dev"].change == pytest.approx(
        third.splits["dev"].value - second.splits["dev"].value
    )
    assert moved["dev"].is_significant


def test_data_and_settings_that_changed_are_named(three):
    first, second, third = champions()
    assert first.setting_changes is None
    assert set(second.setting_changes) == {"data"}  # the weak one saw other inputs
    assert set(third.setting_changes) == {"data"}
    assert not second.contents.is_complete  # the runs were not tracked: no settings of training


def test_settings_of_training_come_from_the_run_of_the_same_weights(three):
    client = store.client()
    home = client.create_experiment("supervised/wines")
    for number, rate in ((1, "0.1"), (2, "0.3")):
        files = versions_folder(number)
        manifest = artifacts.read_json(files / "seed_1" / "manifest.json")
        run = client.create_run(home, tags={MODEL_HASH: manifest["model_hash"]})
        client.log_param(run.info.run_id, "fit.learning_rate", rate)
        client.log_param(run.info.run_id, "fit.batch_size", "null")
    _, second, third = champions()
    assert second.contents.is_complete
    assert second.setting_changes["fit.learning_rate"] == ("0.1", "0.3")
    assert "fit.batch_size" not in second.setting_changes
    assert "fit.learning_rate" not in third.setting_changes  # its own run is not known


def versions_folder(number):
    return registry.load_version(GROUP, str(number)).folder


def test_the_run_with_the_same_dev_tables_adds_train_and_settings(three):
    folder = versions_folder(2)

    def as_train(part):
        path = three / f"{part.name}-train.parquet"
        pd.read_parquet(part / "dev.parquet").assign(split="train").to_parquet(path)
        return path

    runs = tuple(
        PastRun(
            key=KEY,
            seed=int(part.name.removeprefix("seed_")),
            version="v",
            commit=None,
            when=datetime.now(UTC),
            present=False,
            files={"dev.parquet": part / "dev.parquet", "train.parquet": as_train(part)},
        )
        for part in sorted(folder.glob("seed_*"))
    )
    version = RunVersion(
        key=KEY,
        version="v",
        when="2026-01-01 00:00",
        place="commit abc",
        runs=runs,
        settings={"model": "logistic_sklearn", "fit.tolerance": 0.5},
        splits={},
        gaps={},
        marks={past.DATA: {"train.npy": "1"}, past.CODE: "c"},
    )
    step = HistoryStep(version=version, parent=None, changed={}, own=(), movement=None, sentence="")
    _, second, _ = champions([step])
    assert list(second.splits) == ["train", "dev", "test"]
    assert second.contents.settings["fit.tolerance"] == "0.5"
    assert second.contents.is_complete


def test_a_version_whose_files_were_altered_is_told_without_its_errors(three):
    path = versions_folder(1) / "seed_1" / "dev.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    first, second, _ = champions()
    assert first.contents.error == "seed_1/dev.parquet was altered since it was stored"
    assert not first.splits
    assert second.gap_changes is None
    assert second.splits


def test_when_and_why_are_shown_as_far_as_they_were_noted(three):
    stamps = ["2026-02-01T10:11:12+00:00", "2026-03-01T10:11:12+00:00"]
    report = {"verdict": "PROMOTE", "reasons": [{"holds": True, "sentence": "Better on dev."}]}
    client = store.client()
    client.set_model_version_tag(GROUP, "1", told.PROMOTED_AT, json.dumps(stamps))
    client.set_model_version_tag(GROUP, "1", told.REPORT, json.dumps(report))
    client.set_model_version_tag(GROUP, "2", told.REPORT, '{"verdict": "PROM')  # cut off
    first, second, third = champions()
    assert first.promoted_at == tuple(stamps)
    assert first.report == report
    assert second.report is None
    assert third.report["verdict"] == "REJECT"  # what the gate wrote last lies in reports/


def test_history_shows_them_in_lines_page_and_json(three, tmp_path):
    tag = store.client().set_model_version_tag
    tag(GROUP, "2", told.PROMOTED_AT, '["2026-03-01T10:11:12+00:00"]')
    tag(GROUP, "3", "foursplit.forced", "the <law>")
    process = CliRunner().invoke(main, ["history", "--json", str(tmp_path / "told.json")])
    assert process.exit_code == 0, process.output
    first = rf"version 1, was champion \(promoted [-0-9]+T[:0-9]+Z\): {KEY}, dev"
    assert re.search(first, process.output)
    assert "version 2, champion since 2026-03-01T10:11:12+00:00" in process.output
    assert "REJECT against version 2; forced: the <law>; changed: data" in process.output
    html = (paths.reports() / "history.html").read_text()
    assert "Champions and challengers" in html
    assert "promoted 2026-03-01 10:11" in html
    assert "forced: the &lt;law&gt;" in html
    assert "Checks of the gate" in html
    champions = json.loads((tmp_path / "told.json").read_text())
    assert [one["version"] for one in champions["champions"][GROUP]] == [1, 2, 3]
    assert champions["groups"][GROUP] == []


def test_the_latest_versions_are_told_where_there_are_many(three):
    (third,) = told.list_champions(load(), GROUP, (), max_versions=1)
    assert third.version.number == 3
    assert third.gap_changes is not None  # against one that is not told itself
    process = CliRunner().invoke(main, ["history", "--last", "1"])
    assert "versions before 3 are" in process.output
    assert "Versions before 3 are not shown" in (paths.reports() / "history.html").read_text()


def test_history_without_a_store_makes_none_and_says_nothing_of_champions(small, tmp_path):
    (small / "mlflow.db").unlink()
    process = CliRunner().invoke(main, ["history", "--json", str(tmp_path / "told.json")])
    assert process.exit_code == 0, process.output
    assert "champion" not in process.output
    assert "Champions" not in (paths.reports() / "history.html").read_text()
    assert not (small / "mlflow.db").exists()
    assert json.loads((tmp_path / "told.json").read_text())["champions"] == {GROUP: []}


def test_a_store_in_trouble_leaves_the_rest_of_the_history(small):
    (small / "mlflow.db").write_bytes(b"no database" * 100)
    process = CliRunner().invoke(main, ["history"])
    assert process.exit_code == 0, process.output
    assert "no champions: MLflow cannot read sqlite" in process.output
    assert "Page:" in process.output
