"""The registry: what is stored comes back byte for byte, and nothing else is taken for it."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY

import foursplit
from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.predict import load_predictor
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.registry import registry, version_files
from foursplit.training import manifest as manifests


@pytest.fixture
def small(project, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    winner.make(project)
    winner.train(sees_strong=True)
    return project


def register():
    return registry.register(
        *(GROUP, paths.models(GROUP, KEY), paths.final(GROUP), {"foursplit.commit": "abc"}, print),
        features=plugins.dataset("wine").SPEC.features,
    )


def champion():
    version = register()
    registry.promote(version, None, print)
    return version


def of(version, name="seed_1/model.skops"):
    return version.folder / name


def test_the_same_winner_is_the_same_version_and_another_one_the_next(small):
    first, again = register(), register()
    winner.train(sees_strong=False)
    second = register()
    winner.train(sees_strong=True)  # as `dvc checkout` of the older commit does
    back = register()
    assert [v.number for v in (first, again, second, back)] == [1, 1, 2, 1]
    assert registry.load_version(GROUP, "challenger").number == 1
    runs = store.client().search_runs([_experiment()])
    assert len(runs) == 2
    assert {run.info.status for run in runs} == {"FINISHED"}


def _experiment():
    return store.client().get_experiment_by_name(registry.EXPERIMENT).experiment_id


def test_a_version_holds_weights_manifest_and_tables_of_each_seed_and_no_pickle(small):
    version = register()
    names = ("manifest.json", "model.skops", "dev.parquet", "test.parquet")
    files = {f"seed_{seed}/{name}" for seed in winner.SEEDS for name in names}
    assert json.loads(version.tags[registry.FILES]).keys() == {"MLmodel", *files}
    assert version.tags["foursplit.commit"] == "abc"
    assert version.folder.is_relative_to(small / "mlruns")
    for name in files:
        folder = paths.final(GROUP) if name.endswith("parquet") else paths.models(GROUP, KEY)
        assert (version.folder / name).read_bytes() == (folder / name).read_bytes()


def test_a_loaded_model_answers_as_the_pipeline_does_with_its_first_seed(small):
    champion()
    model = foursplit.load_model(f"models:/{GROUP}@champion")
    dev = winner.examples("dev")
    answers = {}
    for seed in winner.SEEDS:
        folder = paths.seed_folder(paths.models(GROUP, KEY), seed)
        answers[seed] = load_predictor(folder, load().run)[1](dev)
    assert np.array_equal(model.predict(dev.x), answers[1])
    assert np.array_equal(model.predict(dev.x, seed=2), answers[2])
    assert not np.array_equal(answers[1], answers[2])
    assert model.manifest.model == "logistic_sklearn"
    assert model.uri == f"models:/{GROUP}/1"
    assert np.array_equal(foursplit.load_model(f"models:/{GROUP}/1").predict(dev.x), answers[1])


def test_inputs_that_are_none_of_the_models_are_refused_with_their_shape(small):
    champion()
    model = foursplit.load_model(f"models:/{GROUP}@champion")
    with pytest.raises(FoursplitError, match=r"shape \(13,\); it must be \(n, 13\)"):
        model.predict(np.zeros(13))
    with pytest.raises(FoursplitError, match=r"\(n, 13\)"):
        model.predict(np.zeros((0, 13)))
    with pytest.raises(FoursplitError, match="not an array of numbers"):
        model.predict([["red"] * 13])
    with pytest.raises(FoursplitError, match="no seed 3; it has 1, 2"):
        model.predict(np.zeros((1, 13)), seed=3)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (
            f"models:/{GROUP}@champion",
            r"unknown alias or version 'champion'.* Valid: 1, challenger",
        ),
        (f"models:/{GROUP}@challengr", "Did you mean 'challenger'"),
        (f"models:/{GROUP}/7", r"unknown alias or version '7'"),
        ("models:/wins@champion", "unknown registered model 'wins'. Did you mean 'wines'"),
        ("wines", "models:/<group>@<alias>"),
        ("models:/wines", "models:/<group>@<alias>"),
        ("models:/wines/1/2", "models:/<group>@<alias>"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(small, uri, message):
    register()
    with pytest.raises(FoursplitError, match=message):
        foursplit.load_model(uri)


def test_without_a_store_nothing_is_created_and_the_way_is_named(small):
    (small / "mlflow.db").unlink()
    with pytest.raises(FoursplitError, match=f"`foursplit gate {GROUP} --promote`"):
        foursplit.load_model(f"models:/{GROUP}@champion")
    assert not (small / "mlflow.db").exists()


@pytest.mark.parametrize("name", ["model.skops", "manifest.json", "dev.parquet"])
def test_a_tampered_file_is_refused_by_name(small, name):
    path = of(champion(), f"seed_2/{name}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(FoursplitError, match=rf"seed_2/{name}: altered"):
        foursplit.load_model(f"models:/{GROUP}@champion")


def test_other_weights_under_a_manifest_that_agrees_are_refused_too(small):
    """The manifest names the hash of the weights, so whoever changes both agrees with himself."""
    version = champion()
    winner.train(sees_strong=False)
    other = paths.seed_folder(paths.models(GROUP, KEY), 1)
    for name in ("model.skops", "manifest.json"):
        of(version, f"seed_1/{name}").write_bytes((other / name).read_bytes())
    manifests.load(version.folder / "seed_1")  # the naive check finds nothing
    with pytest.raises(FoursplitError, match="altered"):
        foursplit.load_model(f"models:/{GROUP}@champion")


def test_a_pickle_a_foreign_file_and_a_link_are_refused(small):
    version = champion()
    uri = f"models:/{GROUP}@champion"
    for name, message in (("model.pkl", "runs code"), ("notes.txt", "does not belong")):
        path = of(version, f"seed_1/{name}")
        path.write_bytes(pickle.dumps({}))
        with pytest.raises(FoursplitError, match=message):
            foursplit.load_model(uri)
        path.unlink()
    weights = of(version)
    content = weights.read_bytes()
    weights.unlink()
    outside = small / "model.skops"
    outside.write_bytes(content)
    weights.symlink_to(outside)
    with pytest.raises(FoursplitError, match="a link"):
        foursplit.load_model(uri)


def test_files_that_are_gone_are_refused_and_stored_anew(small):
    version = champion()
    of(version).unlink()
    with pytest.raises(FoursplitError, match="missing"):
        foursplit.load_model(f"models:/{GROUP}@champion")
    again = register()
    assert again.number == 2
    assert registry.champion_number(GROUP) == 1  # who repairs it, decides it


def test_a_dataset_outside_the_store_is_refused(small, tmp_path_factory):
    version = register()
    outside = tmp_path_factory.mktemp("outside") / "model"
    outside.mkdir()
    client = store.client()
    run_id = client.get_model_version(GROUP, "1").run_id
    tags = {registry.FILES: json.dumps(version_files.digests(version.folder))}
    client.create_model_version(GROUP, outside.as_uri(), run_id, tags=tags)
    with pytest.raises(FoursplitError, match="outside the store"):
        foursplit.load_model(f"models:/{GROUP}/2")
    # A link in the place of the run's own folder leads out as well.
    away = outside.parent / "away"
    version.folder.rename(away)
    version.folder.symlink_to(away)
    with pytest.raises(FoursplitError, match="outside the store"):
        foursplit.load_model(f"models:/{GROUP}/1")


def test_of_a_servers_artifacts_a_copy_is_checked_and_used(small, monkeypatch):
    version = champion()
    monkeypatch.setattr(store, "artifact_folder", lambda: None)  # as with a server that has them
    dev = winner.examples("dev")
    model = foursplit.load_model(f"models:/{GROUP}@champion")
    assert model.version.folder.is_relative_to(paths.state())
    assert model.predict(dev.x).shape == (600, 3)
    of(version).write_bytes(b"other weights")
    with pytest.raises(FoursplitError, match=r"seed_1/model.skops: altered"):
        foursplit.load_model(f"models:/{GROUP}@champion")


def test_a_version_that_somebody_else_registered_is_refused(small):
    version = register()
    store.client().create_model_version(GROUP, version.folder.as_uri())
    with pytest.raises(FoursplitError, match="not stored by `foursplit gate`"):
        foursplit.load_model(f"models:/{GROUP}/2")


def test_weights_of_an_architecture_that_has_changed_are_refused_with_the_commit(
    small, monkeypatch
):
    champion()
    monkeypatch.setattr(manifests, "code_hash", lambda _: "another")
    with pytest.raises(FoursplitError, match=r"model 'logistic_sklearn' has changed.*commit abc"):
        foursplit.load_model(f"models:/{GROUP}@champion")


@pytest.mark.parametrize(
    "step",
    ["log_artifacts", "set_terminated", "create_model_version", "set_registered_model_alias"],
)
def test_killed_at_any_step_the_champion_stays_and_the_next_try_is_whole(small, monkeypatch, step):
    champion()
    winner.train(sees_strong=False)
    real = store.client

    class Killed:
        def __init__(self):
            self._client = real()

        def __getattr__(self, name):
            if name == step:
                raise KeyboardInterrupt
            return getattr(self._client, name)

    with monkeypatch.context() as patch:
        patch.setattr(store, "client", Killed)
        with pytest.raises(KeyboardInterrupt):
            register()
    dev = winner.examples("dev")
    assert foursplit.load_model(f"models:/{GROUP}@champion").predict(dev.x).shape == (600, 3)
    assert registry.load_version(GROUP, "challenger").number == 1
    version = register()
    assert version.number == 2
    assert registry.load_version(GROUP, "challenger").number == 2
    runs = store.client().search_runs([_experiment()])
    assert len(runs) == 2  # the half one is gone
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_a_champion_that_was_made_meanwhile_is_not_overrun(small):
    first = champion()
    winner.train(sees_strong=False)
    second = register()
    with pytest.raises(FoursplitError, match=r"version 1 became champion after version 2"):
        registry.promote(second, None, print)  # judged when there was none
    assert registry.champion_number(GROUP) == first.number
    registry.promote(second, first.number, print)
    assert registry.champion_number(GROUP) == second.number


def test_an_incomplete_winner_is_not_stored(small):
    (paths.models(GROUP, KEY) / "seed_2" / "manifest.json").unlink()
    with pytest.raises(FoursplitError, match=r"seed_2/manifest.json: no such file"):
        register()
    assert registry.champion_number(GROUP) is None


def test_the_package_is_light_until_a_model_is_loaded():
    code = (
        "import sys, foursplit\n"
        "assert callable(foursplit.load_model)\n"
        "print(sorted({'mlflow', 'torch', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert modules.stdout.strip() == "[]"


def test_the_hash_that_is_kept_is_that_of_the_file(small):
    version = register()
    files = json.loads(version.tags[registry.FILES])
    assert files["seed_1/model.skops"] == artifacts.sha256_file(
        paths.models(GROUP, KEY) / "seed_1" / "model.skops"
    )
