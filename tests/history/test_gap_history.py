"""How gaps moved from run to run: which run is set beside which, what changed, and what is gone."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from tests.reporting.miniature import make_project

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.history import gap_history as told
from foursplit.history.past_runs import PastRun
from foursplit.io import artifacts, disk_cache
from foursplit.reporting.pages.history import page

WHEN = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 10)]


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ROOT", str(tmp_path / "project"))
    paths.root.cache_clear()
    make_project(tmp_path / "project")
    made: list[PastRun] = []
    monkeypatch.setattr(told, "list_past_runs", lambda _group, _commits: made)
    yield World(made, tmp_path)
    paths.root.cache_clear()


class World:
    """Runs of `wines_good`, each a copy of the present tables with its own settings."""

    def __init__(self, runs, folder):
        self.runs, self.folder, self.params = runs, folder, load()

    def run(self, *, fit, worse=0, seed=1, code="c", data="d", key="wines_good", gone=False):
        number = len(self.runs)
        dataset = paths.predictions("wines") / "wines_good" / f"seed_{seed}"
        files = {}
        for split in ("train", "train_dev", "dev"):
            table = pd.read_parquet(dataset / f"{split}.parquet")
            if split == "dev":
                right = table.index[~table["is_error"]][:worse]
                table.loc[right, ["loss", "is_error"]] = [1.0, True]
                table.loc[right, "y_hat"] = "other"
            files[f"{split}.parquet"] = self.folder / f"{number}-{split}.parquet"
            table.to_parquet(files[f"{split}.parquet"])
        summary = artifacts.read_json(dataset / "summary.json")
        summary["manifest"] |= {"code": code, "data": data, "model_args": {}}
        files["summary.json"] = self.folder / f"{number}.json"
        artifacts.write_json(files["summary.json"], summary)
        made = PastRun(
            key=key,
            seed=seed,
            version=f"v{number}",
            commit="abcdef1234",
            when=WHEN[number],
            present=False,
            files={} if gone else files,
            params={f"experiments.supervised.{key}.fit": {**fit, "seeds": [1]}},
        )
        self.runs.append(made)
        return made

    def history(self, **options):
        return told.history(self.params, "wines", **options)


def test_a_run_stands_beside_the_one_it_differs_least_from(world):
    world.run(fit={"learning_rate": 0.1})
    world.run(fit={"learning_rate": 0.1, "augment": {"turn": 9.0}}, worse=3)
    world.run(fit={"learning_rate": 0.2, "max_epochs": 9})
    world.run(fit={"learning_rate": 0.1, "augment": {"turn": 9.0, "blur": 1.0}})
    steps = world.history().steps
    assert [step.parent and step.parent.version for step in steps] == [None, "v0", "v0", "v1"]
    assert steps[1].changed == {"fit.augment.turn": (None, 9.0)}
    assert steps[1].own == ("variance", "mismatch")
    assert set(steps[2].changed) == {"fit.learning_rate", "fit.max_epochs"}
    assert steps[2].own == ("avoidable_bias",)
    # Of one distribution: 3 more errors of dev are so many of train-dev and dev together.
    n_unseen = sum(len(steps[1].version.models[0].tables[s]) for s in ("train_dev", "dev"))
    moved = {gap.name: gap.change for gap in steps[1].movement.gaps}
    assert "mismatch" not in moved
    assert moved["variance"] == pytest.approx(3 / n_unseen)


def test_the_same_settings_are_one_run_the_one_with_more_seeds(world):
    world.run(fit={"learning_rate": 0.1})
    one = world.run(fit={"learning_rate": 0.1}, worse=2)
    world.runs.append(replace(world.run(fit={"learning_rate": 0.1}, seed=2), version=one.version))
    world.runs.pop(-2)
    (step,) = world.history().steps
    assert (step.version.version, len(step.version.models)) == (one.version, 2)
    assert step.version.when == "2026-01-01 00:00"  # of the first


def test_code_and_data_that_changed_are_named(world):
    world.run(fit={"learning_rate": 0.1})
    world.run(fit={"learning_rate": 0.1}, code="other", worse=30)
    world.run(fit={"learning_rate": 0.1}, data="more", code="other")
    steps = world.history().steps
    assert set(steps[1].changed) == {"code"}
    assert "code is meant for is not declared" in steps[1].sentence
    assert set(steps[2].changed) == {"data"}


def test_code_that_changed_no_answer_makes_no_run(world):
    world.run(fit={"learning_rate": 0.1})
    world.run(fit={"learning_rate": 0.1}, code="only a comment more")
    (step,) = world.history().steps
    assert step.version.version == "v1"
    assert step.version.when == "2026-01-01 00:00"


def test_runs_whose_tables_are_gone_are_told_apart(world):
    world.run(fit={"learning_rate": 0.1})
    world.run(fit={"learning_rate": 0.3}, gone=True)
    found = world.history()
    assert len(found.steps) == 1
    assert found.gone == ("wines_good, commit abcdef1",)


def test_the_latest_runs_are_told_where_there_are_many(world):
    for number in range(4):
        world.run(fit={"learning_rate": 0.1 * (number + 1)})
    found = world.history(most=2)
    assert [step.version.version for step in found.steps] == ["v2", "v3"]
    assert found.n_earlier == 2


def test_the_page_shows_what_changed_and_which_gap_was_meant(world):
    world.run(fit={"learning_rate": 0.1})
    world.run(fit={"learning_rate": 0.1, "weight_decay": 0.5}, worse=20)
    html = page([world.history()], 0.95)
    assert "fit.weight decay: unset → 0.5" in html or "fit.weight_decay: unset → 0.5" in html
    assert html.count("<circle") == 2 * len(world.history().steps[0].version.gaps)
    assert "<u>" in html  # variance, which weight decay is meant for
    assert "It moved variance, which it was meant for" in html


def test_a_second_look_reads_no_table_and_says_the_same(world, monkeypatch):
    world.run(fit={"learning_rate": 0.1})
    world.run(fit={"learning_rate": 0.2}, worse=20)
    first = world.history()
    for path in world.folder.glob("*.parquet"):
        path.write_bytes(b"no table")
    again = world.history()
    assert [step.as_json() for step in again.steps] == [step.as_json() for step in first.steps]
    assert page([again], 0.95) == page([first], 0.95)

    config = replace(world.params.diagnosis, confidence=0.5)
    world.params = replace(world.params, diagnosis=config)  # nothing of it was worked out yet
    assert world.history().steps == ()


def test_a_table_torn_after_its_errors_were_worked_out_is_named(world):
    world.run(fit={"learning_rate": 0.1})
    world.history()
    world.run(fit={"learning_rate": 0.2}, worse=20)
    torn = world.runs[0].files["dev.parquet"]
    whole = torn.read_bytes()
    torn.write_bytes(whole[:-20])
    with pytest.raises(FoursplitError, match=r"0-dev.parquet: not readable .* move it away"):
        world.history()
    torn.write_bytes(whole)
    assert len(world.history().steps) == 2


def test_a_torn_table_counts_as_gone_until_it_is_whole_again(world):
    torn = world.run(fit={"learning_rate": 0.1}).files["dev.parquet"]
    whole = torn.read_bytes()
    torn.write_bytes(whole[:-20])
    assert world.history().gone == ("wines_good, commit abcdef1",)
    torn.write_bytes(whole)
    assert len(world.history().steps) == 1


def test_a_table_that_the_cache_holds_damaged_is_refused(world):
    """It may read well, and show an error that no run ever had."""
    run = world.run(fit={"learning_rate": 0.1})
    damaged = world.folder / "ab" / ("c" * 30)  # named as an object of DVC's cache
    damaged.parent.mkdir()
    damaged.write_bytes(run.files["dev.parquet"].read_bytes())
    world.runs[0] = replace(run, files={**run.files, "dev.parquet": damaged})
    with pytest.raises(FoursplitError, match=r"ab/c+: damaged in DVC's cache"):
        world.history()


def test_what_is_remembered_holds_for_this_code_alone_and_may_be_torn(world, monkeypatch):
    world.run(fit={"learning_rate": 0.1})
    first = world.history().steps[0].as_json()
    for path in (paths.state() / "past").rglob("*.json"):
        path.write_text('{"splits": {"de')
    assert world.history().steps[0].as_json() == first
    monkeypatch.setattr(told, "estimate_levels", lambda *_given, **_more: {})
    assert world.history().steps[0].as_json() == first
    monkeypatch.setattr(disk_cache, "code_hash", lambda: "another")
    assert world.history().steps[0].as_json()["splits"] == {}


def test_a_project_without_any_table_has_a_page_that_says_so(world):
    world.run(fit={"learning_rate": 0.1}, gone=True)
    html = page([world.history()], 0.95)
    assert "No runs." in html
    assert "wines_good, commit abcdef1" in html
