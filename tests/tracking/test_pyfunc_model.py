"""Plain MLflow asks a version and gets the pipeline's answers."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from tests.promotion import winner
from tests.tracking import network_winner

import foursplit
from foursplit import plugins
from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.io import artifacts
from foursplit.tracking.registry import mlmodel, registry, version_files

NAMES = plugins.dataset("wine").SPEC.features

URI = f"models:/{winner.GROUP}@champion"


@pytest.fixture
def small(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/mlflow.db")
    winner.make(project)
    winner.train(sees_strong=True)
    return project


def register(group=winner.GROUP, key=winner.KEY, features=NAMES):
    version = registry.register(
        *(group, paths.models(group, key), paths.final(group), {}, print), features=features
    )
    registry.promote(version, registry.champion_number(group), print)
    return version


def load(uri):
    import mlflow

    return mlflow.pyfunc.load_model(uri)


def probabilities(version):
    table = pd.read_parquet(version.folder / "seed_1" / "dev.parquet")
    return table.filter(like="proba_").to_numpy()


def dev():
    return pd.DataFrame(winner.examples("dev").x, columns=list(NAMES))


def test_a_table_with_named_columns_gets_the_dev_tables_probabilities(small):
    version = register()
    answers = load(URI).predict(dev())
    assert np.array_equal(answers, foursplit.load_model(URI).predict(dev()))
    np.testing.assert_allclose(answers, probabilities(version), rtol=0, atol=1e-12)


def test_columns_are_found_by_name_whatever_their_order(small):
    register()
    model, shuffled = load(URI), dev()[list(reversed(NAMES))].assign(more=1.0)
    assert np.array_equal(model.predict(shuffled), model.predict(dev()))
    naive = foursplit.load_model(URI).predict(shuffled[list(reversed(NAMES))])
    assert not np.array_equal(naive, model.predict(dev()))  # what columns by place would give


def test_a_missing_column_is_refused_by_name(small):
    from mlflow.exceptions import MlflowException

    register()
    with pytest.raises(MlflowException, match=NAMES[3]):
        load(URI).predict(dev().drop(columns=NAMES[3]))


def test_no_example_is_refused_by_the_shape_that_is_wanted(small):
    from mlflow.exceptions import MlflowException

    register()
    with pytest.raises(MlflowException, match=r"it must be \(n, 13\)"):
        load(URI).predict(dev()[:0])


def test_pictures_are_one_array_and_get_the_dev_tables_probabilities(small):
    from mlflow.exceptions import MlflowException

    network_winner.train()
    version = register(network_winner.GROUP, network_winner.KEY, ())
    model = load(f"models:/{network_winner.GROUP}@champion")
    x = network_winner.examples().x
    # float32 inside the network: rounding of another kernel, had this process another.
    np.testing.assert_allclose(model.predict(x), probabilities(version), rtol=0, atol=1e-6)
    assert model.metadata.metadata["classes"] == ["bird", "cat", "dog"]
    with pytest.raises(MlflowException, match=r"\(-1, 1, 8, 8\)"):
        model.predict(x[0])


def test_how_an_array_lies_in_memory_changes_no_bit(small):
    """A table's columns lie one after the other, and of them another product is made."""
    shape = DataSpec(inputs=(13,), classes=("bird", "cat", "dog"))
    network_winner.train("mlp", {"hidden": []}, shape)
    version = register(network_winner.GROUP, network_winner.KEY, NAMES)
    x = network_winner.examples(shape).x[:5]
    wanted = foursplit.load_model(version.uri).predict(x)
    as_columns = pd.DataFrame({name: x[:, n] for n, name in enumerate(NAMES)})
    assert as_columns.to_numpy().flags["F_CONTIGUOUS"]
    assert np.array_equal(load(version.uri).predict(as_columns), wanted)


def test_loading_by_mlflow_leaves_the_version_readable(small):
    """MLflow writes a file of its own into the store's folder, each time."""
    version = register()
    load(URI)
    assert (version.folder / version_files.MLFLOW_META).is_file()
    assert registry.load_version(winner.GROUP, "champion").number == 1
    assert register().number == 1  # not taken for harmed, and stored anew


def test_mlflow_loads_without_a_project_around_it(small, monkeypatch, tmp_path_factory):
    register()
    monkeypatch.delenv("FOURSPLIT_ROOT")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    paths.root.cache_clear()
    assert load(URI).predict(dev()).shape == (600, 3)


def test_the_same_winner_under_another_mlflow_is_the_same_version(small, monkeypatch):
    import mlflow

    first = register()
    monkeypatch.setattr(mlflow, "__version__", "4.0.0")
    assert register().number == first.number


def harm(version, name, text):
    """Alter a file, and the hash that is kept of it too: as one who owns the database could."""
    (version.folder / name).write_text(text)
    files = {**version.files, name: artifacts.sha256_file(version.folder / name)}
    registry.set_tags(version, {registry.FILES: json.dumps(files)})


def test_a_tampered_mlmodel_is_refused(small):
    version = register()
    path = version.folder / mlmodel.NAME
    content = path.read_text()
    path.write_text(content.replace('"python_version": "3', '"python_version": "2'))
    with pytest.raises(FoursplitError, match="MLmodel: altered"):
        foursplit.load_model(URI)
    path.write_text(content.replace(mlmodel.LOADER, "antigravity"))
    with pytest.raises(FoursplitError, match="loader_module: 'antigravity'"):
        foursplit.load_model(URI)
    path.unlink()
    with pytest.raises(FoursplitError, match="MLmodel: missing"):
        foursplit.load_model(URI)


def test_an_mlmodel_that_names_other_code_is_refused_even_if_the_hash_agrees(small):
    version = register()
    content = (version.folder / mlmodel.NAME).read_text()
    harm(version, mlmodel.NAME, content.replace(mlmodel.LOADER, "antigravity"))
    with pytest.raises(FoursplitError, match="loader_module: 'antigravity'"):
        foursplit.load_model(URI)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("python_model.pkl", "runs code"),
        ("seed_1/model.pkl", "runs code"),
        ("shim.py", "does not belong"),
        ("code/foursplit.py", "does not belong"),
        ("__pycache__/shim.cpython-311.pyc", "does not belong"),
        (f"{version_files.MLFLOW_META}/shim.py", "does not belong"),
    ],
)
def test_code_beside_the_model_is_refused_by_name_also_by_mlflows_way_in(small, name, message):
    version = register()
    path = version.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(FoursplitError, match=message):
        foursplit.load_model(URI)
    with pytest.raises(FoursplitError, match=message):
        load(version.folder.as_uri())


def test_a_version_of_before_still_loads_and_is_the_same_winners(small, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(mlmodel, "write", lambda *_: None)  # as it was then
        old = register()
    assert mlmodel.NAME not in old.files
    answers = foursplit.load_model(URI).predict(dev())
    np.testing.assert_allclose(answers, probabilities(old), rtol=0, atol=1e-12)
    assert register().number == old.number
    (old.folder / mlmodel.NAME).write_text("{}")
    with pytest.raises(FoursplitError):
        foursplit.load_model(URI)


def test_a_copy_holds_what_answers_and_is_checked_after_it_is_made(small, tmp_path):
    version = register()
    to = tmp_path / "copy"
    to.mkdir()
    version_files.copy_model(version.folder, version.files, to)
    assert not list(to.rglob("*.parquet"))
    assert load(to.as_uri()).predict(dev()).shape == (600, 3)
    (version.folder / "seed_2" / "model.skops").write_bytes(b"other weights")
    with pytest.raises(FoursplitError, match=r"seed_2/model.skops: altered"):
        version_files.copy_model(version.folder, version.files, to)
