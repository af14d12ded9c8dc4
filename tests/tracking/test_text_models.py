"""A registered model of texts reads texts and answers with texts."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from tests.tracking.network_winner import RUN

from foursplit import plugins
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.data import texts
from foursplit.io import artifacts
from foursplit.tracking.registry import mlmodel
from foursplit.tracking.registry.loaded_model import LoadedModel
from foursplit.tracking.registry.pyfunc_model import PyfuncModel
from foursplit.training import initial_weights, manifest

TOKENS = (*texts.SPECIAL, *"abcdef")

SPEC = DataSpec(
    inputs=(),
    tokenizer="characters",
    vocabularies={"x": TOKENS, "answer": TOKENS},
    max_lengths={"x": 6, "answer": 4},
)

LINES = ["abc", "fed", "a", "eeeeee"]


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "seed_1"
    folder.mkdir()
    args = manifest.arguments("encoder_decoder", {"attention": True}, "test")
    net = initial_weights.build_with_seed(
        lambda: plugins.model("encoder_decoder").build(args, SPEC), 3
    )
    for parameter in net.parameters():  # as drawn, all answers would be alike
        torch.nn.init.normal_(parameter, std=0.7)
    artifacts.write_tensors(folder / "model.safetensors", net.state_dict())
    manifest.save(
        folder,
        manifest.Manifest(
            experiment="words", task="sequence_to_sequence", model="encoder_decoder",
            model_args={"attention": True}, engine="network", seed=1, shape=SPEC.as_json(),
            device="cpu", threads=1, instruction_set="portable",
            code=manifest.code_hash("encoder_decoder"), data={},
            model_hash=artifacts.sha256_file(folder / "model.safetensors"), n_parameters=1,
            flops=None, size_bytes=1,
        ),
    )  # fmt: skip
    return LoadedModel(tmp_path, RUN, "models:/words/1")


def test_texts_are_answered_with_texts_alone_and_together(model):
    answers = model.predict(LINES)
    assert len(answers) == len(LINES)
    assert all(isinstance(answer, str) for answer in answers)
    assert len(set(answers)) > 1
    assert [model.predict([line])[0] for line in LINES] == list(answers)


@pytest.mark.parametrize("wrap", [np.array, pd.Series, lambda x: pd.DataFrame({"text": x})])
def test_arrays_and_tables_of_texts_are_read(model, wrap):
    assert list(PyfuncModel(model).predict(wrap(LINES))) == list(model.predict(LINES))


@pytest.mark.parametrize("wrong", ["abc", [], 3, [1, 2], ["a", ""], ["a", None]])
def test_what_is_no_list_of_texts_is_refused(model, wrong):
    with pytest.raises(FoursplitError, match="text"):
        model.predict(wrong)


def test_mlflow_is_told_that_inputs_and_answers_are_texts(model, tmp_path):
    mlmodel.write(tmp_path, artifacts.read_json(tmp_path / "seed_1" / "manifest.json"), ())
    signature = json.loads((tmp_path / mlmodel.NAME).read_text())["signature"]
    for side in ("inputs", "outputs"):
        assert [column["type"] for column in json.loads(signature[side])] == ["string"]
    assert json.loads(mlmodel.example_request(tmp_path))["dataframe_split"]["data"] == [["text"]]
