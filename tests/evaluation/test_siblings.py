"""What one candidate measured is read into the steps of the others of its group."""

import copy
from dataclasses import replace

import pytest
from tests.reporting.miniature import make_project

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.evaluation.results import collect
from foursplit.evaluation.siblings import with_memory


@pytest.fixture
def entries(tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ROOT", str(tmp_path / "project"))
    paths.root.cache_clear()
    make_project(tmp_path / "project")
    return {entry.key: entry for entry in collect(load())}


def remembered(entries):
    return {entry.key: entry for entry in with_memory(load(), list(entries.values()))}


def without_level(entry):
    return replace(entry, diagnosis={**copy.deepcopy(entry.diagnosis), "human": None})


def variance_step(entry):
    step = {**entry.diagnosis["next"][0], "link": "variance", "action": "any"}
    diagnosis = {**copy.deepcopy(entry.diagnosis), "next": [step]}
    return replace(entry, diagnosis=diagnosis)


def test_a_better_sibling_is_a_step_where_no_level_is_known(entries):
    entries["wines_bad"] = without_level(entries["wines_bad"])
    step = remembered(entries)["wines_bad"].diagnosis["next"][0]
    assert step["link"] == "sibling:wines_good"
    errors = {key: entries[key].error("dev") for key in ("wines_bad", "wines_good")}
    assert step["gain"] == pytest.approx(errors["wines_bad"] - errors["wines_good"], abs=1e-9)


def test_a_trial_is_noted_with_its_effect_and_other_groups_and_levels_change_nothing(entries):
    before = {key: copy.deepcopy(entry.diagnosis["next"]) for key, entry in entries.items()}
    bad = variance_step(entries["wines_bad"])
    good = entries["wines_good"]
    heavier = replace(good.experiment, fit=replace(good.experiment.fit, weight_decay=0.5))
    lighter = replace(bad.experiment, fit=replace(bad.experiment.fit, weight_decay=0.0))
    entries["wines_bad"] = replace(bad, experiment=lighter)
    entries["wines_good"] = replace(good, experiment=heavier)
    found = remembered(entries)
    action = found["wines_bad"].diagnosis["next"][0]["action"]
    assert "regularisation was tried" in action
    assert "in wines_good" in action
    for key in ("sugar_direct", "figures_drawn"):
        assert found[key].diagnosis["next"] == before[key]
