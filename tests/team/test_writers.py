"""Six machines write to one store at once, and nothing is lost or there twice.

A machine is a project folder: the locks of one do not reach into another.
"""

import os
import subprocess
import sys

import pytest
from tests.promotion import winner
from tests.promotion.winner import GROUP
from tests.tracking import miniature

import foursplit
from foursplit.cli.commands import track as door
from foursplit.config import paths
from foursplit.tracking import store

SIX = range(6)

WINES, SUGAR = "wines_soft seed 1", "sugar_line seed 1"


@pytest.fixture
def six(tmp_path, monkeypatch):
    """Give six project folders, and a way to be in one of them."""

    def enter(number):
        monkeypatch.setenv("FOURSPLIT_ROOT", str(tmp_path / str(number)))
        paths.root.cache_clear()
        return tmp_path / str(number)

    for number in SIX:
        (tmp_path / str(number)).mkdir()
    return enter


def all_at_once(enter, shared, *command):
    """Start a command in each folder; give exit codes and what was said."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "foursplit", *command],
            cwd=folder,
            env={**os.environ, **shared.env, "FOURSPLIT_ROOT": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for folder in map(enter, SIX)
    ]
    outputs = [process.communicate(timeout=600)[0] for process in processes]
    return [process.returncode for process in processes], outputs


def prepare(shared, enter, monkeypatch):
    """Let one create MLflow's tables, as docs/team.md asks for."""
    shared.set(monkeypatch)
    miniature.make(enter(0))
    store.client().search_experiments()


@pytest.mark.slow
def test_six_trackers_at_once_lose_and_double_nothing_in_ci(shared, six, monkeypatch):
    prepare(shared, six, monkeypatch)
    for number in SIX:
        params = miniature.make(six(number))
        # One result is the same everywhere, the other is each machine's own.
        miniature.write_results(
            "sugar_line", params.experiment("sugar_line"), dev_error=0.25 + number / 64
        )
    codes, outputs = all_at_once(six, shared, "track")
    assert not any(codes), "\n".join(outputs)
    client = store.client()
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(ids)
    assert sorted(run.info.run_name for run in runs) == [SUGAR] * 6 + [WINES], outputs
    assert {run.info.status for run in runs} == {"FINISHED"}
    shares = {run.data.metrics["dev/error"] for run in runs if run.info.run_name == SUGAR}
    assert shares == {0.25 + number / 64 for number in SIX}
    for run in runs:
        names = {file.path for file in client.list_artifacts(run.info.run_id)}
        assert {"manifest.json", "summary.json", "dev", "diagnosis"} <= names
    (wines,) = [run for run in runs if run.info.run_name == WINES]
    assert len(client.get_metric_history(wines.info.run_id, "curve/train_loss")) == 3
    door.track()  # nothing new, on one of them
    assert len(client.search_runs(ids)) == 7


@pytest.mark.slow
def test_six_gates_at_once_store_one_version_and_make_one_champion_in_ci(shared, six, monkeypatch):
    prepare(shared, six, monkeypatch)
    for number in SIX:
        winner.make(six(number))
        winner.train(sees_strong=True)
    codes, outputs = all_at_once(six, shared, "gate", GROUP, "--promote")
    assert not any(codes), "\n".join(outputs)
    client = store.client()
    (version,) = client.search_model_versions(f"name='{GROUP}'")
    aliases = client.get_registered_model(GROUP).aliases
    assert {name: int(number) for name, number in aliases.items()} == {
        "challenger": int(version.version),
        "champion": int(version.version),
    }
    experiment_id = client.get_experiment_by_name("registry").experiment_id
    (run,) = client.search_runs([experiment_id])
    assert run.info.run_id == version.run_id
    model = foursplit.load_model(f"models:/{GROUP}@champion")
    assert model.predict(winner.examples("dev").x).shape == (600, 3)


@pytest.mark.slow
def test_of_six_different_winners_at_once_one_is_champion_and_the_others_are_told_in_ci(
    shared, six, monkeypatch
):
    prepare(shared, six, monkeypatch)
    for number in SIX:
        winner.make(six(number))
        winner.train(sees_strong=True, trained_on=number)
    codes, outputs = all_at_once(six, shared, "gate", GROUP, "--promote")
    client = store.client()
    assert len(client.search_model_versions(f"name='{GROUP}'")) == 6, outputs
    champion = int(client.get_registered_model(GROUP).aliases["champion"])
    crowned = [f"Version {champion} is now the champion" in text for text in outputs]
    assert crowned.count(True) == 1
    for code, text, is_champion in zip(codes, outputs, crowned, strict=True):
        # Judged after it was made, or before: held against it, or asked to be judged again.
        refused = "`foursplit gate` again" in text or f"(version {champion})" in text
        assert (code == 0) if is_champion else (code in (2, 4, 5) and refused), text
