"""Searches in MLflow: a finished run each, with a child for each trial."""

import json

import pytest
from tests.tracking import miniature

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.runs import search_runs
from foursplit.tracking.runs.queries import KEY

NAME = "wines_search"
BLOCK = {
    "week": "C2 W3", "experiment": "wines_soft", "group": "wines", "dataset": "wine",
    "task": "classify", "model": "mlp",
    "space": {"fit.learning_rate": {"low": 0.01, "high": 1.0, "scale": "log"}},
    "n_trials": 3,
}  # fmt: skip


def trial(number, dev, state="complete"):
    shown = {"dev": dev, "train_dev": dev, "standard_error": None, "epochs": 3, "state": state}
    values = {"fit.learning_rate": number / 10}
    return {"sampler": "tpe", "repeat": 1, "number": number, "values": values, **shown}


TRIALS = [trial(1, 0.5), trial(2, 0.25), trial(3, None, "diverged")]


@pytest.fixture
def searched(world):
    """Give a project with a search besides its two experiments."""
    content = json.loads(json.dumps(miniature.PARAMS))
    content["searches"] = {"improving": {NAME: BLOCK}}
    (world.root / "params.yaml").write_text(json.dumps(content))
    world.params = load()
    write(TRIALS)
    return world


def write(trials):
    content = {"week": "C2 W3", "experiment": "wines_soft", "best": TRIALS[1], "trials": trials}
    artifacts.write_json(paths.search(NAME, "json"), content)
    artifacts.write_text(paths.search(NAME, "csv"), "sampler\n")


def all_runs():
    client = store.client()
    found = client.get_experiment_by_name(search_runs.EXPERIMENT)
    return client.search_runs([found.experiment_id])


def children_of(parent):
    client = store.client()
    return search_runs.children(client, parent.info.experiment_id, parent.info.run_id)


def parents():
    return [run for run in all_runs() if KEY in run.data.tags]


def test_a_search_is_a_run_with_a_child_for_each_trial(searched):
    searched.track()
    (parent,) = parents()
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["dev"] == 0.25
    found = {run.info.run_name: run for run in children_of(parent)}
    assert set(found) == {"tpe 1.1", "tpe 1.2", "tpe 1.3"}
    assert found["tpe 1.1"].data.params == {"fit.learning_rate": "0.1"}
    assert found["tpe 1.1"].data.metrics["dev"] == 0.5
    assert found["tpe 1.3"].info.status == "FAILED"
    assert "dev" not in found["tpe 1.3"].data.metrics


def test_tracked_twice_gives_the_same_runs_and_another_result_new_ones(searched):
    searched.track()
    first = {run.info.run_id for run in all_runs()}
    counts, _ = searched.track()
    assert counts.new == 0
    assert {run.info.run_id for run in all_runs()} == first
    write(TRIALS[:2])
    searched.track()
    latest = [p for p in parents() if p.data.tags["foursplit.is_latest"] == "true"]
    assert len(parents()) == 2
    assert [len(children_of(parent)) for parent in latest] == [2]


def test_a_half_written_search_is_written_again_without_its_first_children(searched, monkeypatch):
    written = search_runs._write_trial

    def stop(client, experiment_id, parent, search, shown):
        if shown["number"] == 3:
            raise KeyboardInterrupt
        written(client, experiment_id, parent, search, shown)

    with monkeypatch.context() as patch:
        patch.setattr(search_runs, "_write_trial", stop)
        with pytest.raises(KeyboardInterrupt):
            searched.track()
    assert len(all_runs()) == 3
    searched.track()
    (parent,) = parents()
    assert parent.info.status == "FINISHED"
    assert len(children_of(parent)) == 3
    assert len(all_runs()) == 4
