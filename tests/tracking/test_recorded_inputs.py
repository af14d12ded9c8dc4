"""What MLflow has on record of a run and of a version, and what is refused as no record."""

import json

import pytest
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.reproduce.recorded_inputs import read_recorded
from foursplit.tracking import store
from foursplit.tracking.registry import model_versions, registry
from foursplit.tracking.runs.run_data import MODEL_HASH

GIT = {"foursplit.commit": "c0ffee", "foursplit.git_dirty": "true", "foursplit.experiment": KEY}
DATA = {"foursplit.data.seen": "5ee.dir", "foursplit.data.sealed": "not in dvc.lock"}


def run_of(world, name="wines_soft seed 1"):
    world.track()
    return world.runs()[name].info.run_id


def test_a_run_has_hashes_of_weights_data_and_numbers(world):
    record = read_recorded(run_of(world))
    assert (record.kind, record.experiment, record.group) == ("run", "wines_soft", "wines")
    assert record.environment == {"device": "cpu", "instruction_set": "portable", "threads": "1"}
    assert record.hashes["weights/seed_1"] == "w1"
    assert record.hashes["data/train.npy"] == "d1"
    assert record.hashes["numbers/seed_1/dev"] == artifacts.fingerprint({"error": 0.25})
    assert "numbers/seed_1/test" not in record.hashes  # a winner's, whose test is sealed
    assert not record.warnings


def test_a_run_outside_of_git_has_no_commit(world):
    record = read_recorded(run_of(world))
    assert record.commit is None
    assert not record.dirty


def test_an_altered_tag_is_what_counts_and_is_doubted(world):
    run_id = run_of(world)
    store.client().set_tag(run_id, MODEL_HASH, "f" * 64)
    record = read_recorded(run_id)
    assert record.hashes["weights/seed_1"] == "f" * 64
    (warning,) = record.warnings
    assert "it was altered" in warning


def test_older_runs_get_the_tag_by_which_they_are_found(world):
    run_id = run_of(world)
    store.client().delete_tag(run_id, MODEL_HASH)
    assert read_recorded(run_id).hashes["weights/seed_1"] == "w1"
    counts, _ = world.track()
    assert counts.new == 0
    assert store.client().get_run(run_id).data.tags[MODEL_HASH] == "w1"


@pytest.mark.parametrize("name", ["nope", "0" * 32])
def test_an_unknown_run_is_refused_with_some_that_are_there(world, name):
    run_id = run_of(world)
    with pytest.raises(
        FoursplitError, match=f"unknown run '{name}'(.|\n)*{run_id}  wines_soft seed 1"
    ):
        read_recorded(name)


def test_a_store_without_runs_says_so(world):
    with pytest.raises(FoursplitError, match="Its latest runs: none"):
        read_recorded("nope")


def test_a_run_without_its_files_is_refused(world):
    run_id = run_of(world)
    next(world.root.glob(f"mlruns/**/{run_id}/artifacts/manifest.json")).unlink()
    with pytest.raises(FoursplitError, match="manifest.json is missing"):
        read_recorded(run_id)


@pytest.fixture
def version(project, monkeypatch):
    """Give a registered version of a small winner."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    winner.make(project)
    winner.train(sees_strong=True)
    models, tables = paths.models(GROUP, KEY), paths.final(GROUP)
    return registry.register(GROUP, models, tables, {**GIT, **DATA}, print, features=())


def test_a_version_has_hashes_of_all_its_seeds(version):
    record = read_recorded(f"models:/{GROUP}@challenger")
    assert (record.kind, record.experiment, record.group) == ("version", KEY, GROUP)
    assert (record.commit, record.dirty) == ("c0ffee", True)
    of_seeds = {f"{kind}/seed_{seed}" for seed in (1, 2) for kind in ("manifest", "weights")}
    tables = {f"table/seed_{seed}/{split}" for seed in (1, 2) for split in ("dev", "test")}
    assert record.hashes.keys() == {*of_seeds, *tables, "data/seen"}
    assert record.hashes["weights/seed_2"] == artifacts.sha256_file(
        paths.models(GROUP, KEY) / "seed_2" / "model.skops"
    )
    assert record.environment["device"] == "cpu"


def test_a_version_whose_files_or_tags_were_altered_is_doubted(version):
    files = json.loads(version.tags[registry.FILES])
    files["seed_1/model.skops"] = "f" * 64
    store.client().set_model_version_tag(GROUP, "1", registry.FILES, json.dumps(files))
    record = read_recorded(f"models:/{GROUP}/1")
    assert record.hashes["weights/seed_1"] == "f" * 64
    (warning,) = record.warnings
    assert "model.skops differs from its hash" in warning


def test_a_version_that_is_not_there_is_refused_with_what_is(version):
    with pytest.raises(
        FoursplitError, match="unknown alias or version 'champion'. Valid: 1, challenger"
    ):
        read_recorded(f"models:/{GROUP}@champion")
    with pytest.raises(
        FoursplitError, match="unknown registered model 'wins'. Did you mean 'wines'"
    ):
        read_recorded("models:/wins/1")
    with pytest.raises(FoursplitError, match="such as models:/c4w2_digits@champion"):
        read_recorded("models:/wines")


def test_the_run_that_stores_a_version_is_no_model_to_make_again(version):
    run = store.client().get_model_version(GROUP, "1").run_id
    with pytest.raises(FoursplitError, match="models:/GROUP/N"):
        read_recorded(run)


def test_without_a_store_there_is_no_version_and_none_is_made(project, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert not model_versions.may_have_versions()
    assert not (project / "mlflow.db").exists()


def test_a_store_without_versions_is_known_as_such(world):
    assert not model_versions.may_have_versions()
    (world.root / "mlflow.db").write_bytes(b"no database" * 100)
    assert model_versions.may_have_versions()  # MLflow is to say what is wrong with it
