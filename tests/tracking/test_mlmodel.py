"""A version's `MLmodel` leads MLflow to our loader, and whatever leads elsewhere is refused."""

import importlib
import json

import numpy as np
import pytest
import yaml

from foursplit.core.errors import FoursplitError
from foursplit.evaluation.threshold import DecisionThreshold
from foursplit.tracking.registry import mlmodel

MANIFEST = {
    "experiment": "c2w3_wine_logistic",
    "task": "classify",
    "shape": {"inputs": [2], "classes": ["red", "white", "rosé"]},
}


@pytest.fixture
def path(tmp_path):
    mlmodel.write(tmp_path, MANIFEST, ("alcohol", "ash"))
    return tmp_path / "MLmodel"


def change(path, *keys, value=None):
    """Set a value deep in the file, spelt as foursplit spells it."""
    told = json.loads(path.read_text())
    inside = told
    for key in keys[:-1]:
        inside = inside[key]
    inside[keys[-1]] = value
    path.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


def test_the_same_winner_is_written_with_the_same_bytes(path):
    before = path.read_bytes()
    mlmodel.write(path.parent, MANIFEST, ("alcohol", "ash"))
    assert path.read_bytes() == before
    mlmodel.require_own(path)


def test_the_loader_that_it_names_is_ours_and_has_what_mlflow_asks_for(path):
    content = yaml.safe_load(path.read_text())  # as MLflow reads it
    assert content == json.loads(path.read_text())
    loader = content["flavors"]["python_function"]["loader_module"]
    assert callable(importlib.import_module(loader)._load_pyfunc)


def signature(path):
    from mlflow.models import Model

    return Model.load(str(path)).signature


def test_named_inputs_are_columns_and_others_one_array(path):
    assert signature(path).inputs.input_names() == ["alcohol", "ash"]
    assert signature(path).outputs.inputs[0].shape == (-1, 3)
    mlmodel.write(path.parent, MANIFEST, ())
    assert signature(path).inputs.inputs[0].shape == (-1, 2)
    assert signature(path).inputs.inputs[0].type == np.float32
    pictures = {**MANIFEST, "shape": {"inputs": [1, 8, 8], "classes": ["a", "b"]}}
    mlmodel.write(path.parent, pictures, ())
    assert signature(path).inputs.inputs[0].shape == (-1, 1, 8, 8)


def test_names_that_are_not_those_of_the_inputs_are_not_used(path):
    """A dataset whose read() gives pictures may still name the columns they came from."""
    mlmodel.write(path.parent, {**MANIFEST, "shape": {"inputs": [3], "classes": []}}, ("a", "b"))
    assert not signature(path).inputs.has_input_names()


@pytest.mark.parametrize(
    ("task", "classes", "shape"),
    [("classify", ["a", "b"], (-1, 2)), ("regress", [], (-1,)), ("cluster", [], None)],
)
def test_answers_are_promised_where_their_shape_is_known(path, task, classes, shape):
    content = {**MANIFEST, "task": task, "shape": {"inputs": [2], "classes": classes}}
    mlmodel.write(path.parent, content, ())
    outputs = signature(path).outputs
    assert (outputs and outputs.inputs[0].shape) == shape


def test_names_of_any_script_come_back(path):
    names = ("añada", "酒精", "🍷")
    classes = ["rojo 🍷", 'so-called "white"', "a: b\n- c"]
    content = {**MANIFEST, "shape": {"inputs": [3], "classes": classes}}
    mlmodel.write(path.parent, content, names)
    mlmodel.require_own(path)
    assert signature(path).inputs.input_names() == list(names)


FLAVOR = ("flavors", "python_function")


@pytest.mark.parametrize(
    ("keys", "value", "place"),
    [
        ((*FLAVOR, "loader_module"), "antigravity", "loader_module: 'antigravity'"),
        ((*FLAVOR, "loader_module"), "mlflow.pyfunc.model", "loader_module: 'mlflow.pyfunc.model'"),
        ((*FLAVOR, "code"), "../../code", "code: '../../code'"),
        ((*FLAVOR, "data"), "seed_1", "data: 'seed_1'"),
        ((*FLAVOR, "model_code_path"), "shim.py", "model_code_path: 'shim.py'"),
        ((*FLAVOR, "python_model"), "python_model.pkl", "python_model: 'python_model.pkl'"),
        ((*FLAVOR, "artifacts"), {"a": {"path": "../.."}}, "artifacts: "),
        ((*FLAVOR, "env"), {"virtualenv": "python_env.yaml"}, "env: "),
        (("flavors", "sklearn"), {"pickled_model": "model.pkl"}, "flavors: "),
        (("flavors",), {}, "flavors: {}"),
        (("flavors",), None, "flavors: None"),
        (FLAVOR, "loader", "python_function: 'loader'"),
        (("saved_input_example_info",), {"artifact_path": "x"}, "saved_input_example_info: "),
    ],
)
def test_what_may_lead_to_other_code_is_refused_by_its_place(path, keys, value, place):
    change(path, *keys, value=value)
    with pytest.raises(FoursplitError) as caught:
        mlmodel.require_own(path)
    assert place in str(caught.value)
    assert "refused" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "flavors:\n  python_function:\n    loader_module: antigravity\n",
        "[]",
        "",
        "null",
        b"\xff\xfe".decode("latin-1"),
    ],
)
def test_what_is_no_json_of_ours_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(FoursplitError, match="refused"):
        mlmodel.require_own(path)


def test_a_key_twice_is_refused_since_readers_differ_on_which_one_counts(path):
    name = f'"loader_module": "{mlmodel.LOADER}"'
    path.write_text(path.read_text().replace(name, f'"loader_module": "antigravity", {name}'))
    assert json.loads(path.read_text())["flavors"]["python_function"]["loader_module"] == (
        mlmodel.LOADER
    )  # the naive check finds nothing
    with pytest.raises(FoursplitError, match="formatted differently"):
        mlmodel.require_own(path)


def test_the_frozen_thresholds_are_read_as_they_were_written_and_change_what_is_answered(tmp_path):
    two = {
        **MANIFEST,
        "task": "classify_binary",
        "shape": {"inputs": [2], "classes": ["no", "yes"]},
    }
    mlmodel.write(tmp_path, two, ("alcohol", "ash"))
    assert mlmodel.thresholds(tmp_path) == {}
    frozen = {"seed_1": DecisionThreshold(value=0.31, positive="yes")}
    mlmodel.write(tmp_path, two, ("alcohol", "ash"), frozen)
    assert mlmodel.thresholds(tmp_path) == frozen
    mlmodel.require_own(tmp_path / "MLmodel")
    outputs = json.loads(json.loads((tmp_path / "MLmodel").read_text())["signature"]["outputs"])
    names = [column["name"] for column in outputs]
    assert names == ["y_hat", "proba_no", "proba_yes", "threshold"]


def test_an_older_version_has_no_threshold(tmp_path):
    assert mlmodel.thresholds(tmp_path) == {}
