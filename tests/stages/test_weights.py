"""Published weights: fetched by the stage `weights`, checked, renamed, and trained from."""

import copy
import hashlib
import json
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY

from foursplit import plugins
from foursplit.cli.commands import check
from foursplit.config import paths
from foursplit.config.load import build, load
from foursplit.core import bounded_yaml
from foursplit.core.errors import FoursplitError
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.io import artifacts
from foursplit.models import mlp
from foursplit.scaffold import write_pipelines
from foursplit.stages import train, weights
from foursplit.training import initial_weights

NAME = "wine_net"
ENTRY = {
    "about": "an mlp on wines",
    "licence": "CC0-1.0",
    "terms": "free",
    "cite": "nobody (2026)",
    "home": "nowhere",
    "names": {r"body\.(\d+)\.(weight|bias)": r"\1.\2", r"input\.(\w+)": r"0.\1", "steps": None},
}
HIDDEN = (4,)


def net(seed=9, hidden=HIDDEN):
    spec = infer_data_spec(winner.examples("train"), plugins.dataset("wine").SPEC)
    return initial_weights.build_with_seed(
        lambda: mlp.build(mlp.Args(hidden=hidden, dropout=0.0), spec), seed
    )


def published(state):
    """Return tensors under the names that another library might give them."""
    layers = {name.partition(".")[0] for name in state if name.endswith("weight")}
    found = {}
    for name, values in state.items():
        layer, _, part = name.partition(".")
        found[f"body.{layer}.{part}" if layer in layers else f"input.{part}"] = values
    return {**found, "steps": torch.tensor(7)}


@pytest.fixture
def mirror(project, tmp_path, monkeypatch):
    """Give a project with a catalogue of its own; call it with the published file's content."""
    monkeypatch.setenv("FOURSPLIT_ACCELERATOR", "cpu")
    folder = tmp_path / "mirror"
    monkeypatch.setenv("FOURSPLIT_MIRROR", str(folder))
    winner._settings(project)

    def publish(content, **changes):
        path = folder / NAME / "model.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            save_file(content, path)
        else:
            path.write_bytes(content)
        file = {
            "path": f"{NAME}/model.safetensors",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        catalogue = project / "own_package" / "models" / "catalogue.yaml"
        catalogue.parent.mkdir(exist_ok=True)
        entry = copy.deepcopy(ENTRY) | {"file": file} | changes
        catalogue.write_text(json.dumps({NAME: entry}))
        return path

    return publish


def start_from(project, **pretrained):
    """Let the project's one experiment start from weights; return how its stage is named."""
    wanted = copy.deepcopy(winner.PARAMS)
    wanted["experiments"]["supervised"][KEY] |= {
        "model": "mlp",
        "model_args": {"hidden": [*HIDDEN]},
        "fit": {
            "seeds": [1, 2], "learning_rate": 1e-12, "batch_size": None, "max_epochs": 1,
            "optimizer": "sgd", "pretrained": pretrained,
        },
    }  # fmt: skip
    (project / "params.yaml").write_text(json.dumps(wanted))
    paths.root.cache_clear()
    return wanted


def test_training_starts_from_the_published_numbers_under_our_names(mirror, project):
    state = net().state_dict()
    path = mirror(published(state))
    start_from(project, weights=NAME)
    winner._deal({split: winner.examples(split) for split in winner.N})
    assert "CC0-1.0" in weights.run(NAME)
    stored = load_file(paths.weights_file(NAME))
    assert {*stored} == {*state}
    train.run(KEY)
    for seed in (1, 2):
        folder = paths.seed_folder(paths.models(GROUP, KEY), seed)
        trained = load_file(folder / "model.safetensors")
        # A rate of 1e-12 moves nothing that single precision can hold.
        for name, values in state.items():
            torch.testing.assert_close(trained[name], values)
        said = artifacts.read_json(folder / "manifest.json")["pretrained"]
        digest = artifacts.sha256_file(paths.weights_file(NAME))
        assert said == {"weights": NAME, "model_hash": digest, "exclude": []}
    origin = artifacts.read_json(paths.weights(NAME) / "origin.json")
    assert origin["licence"] == "CC0-1.0"
    assert origin["sha256"] == artifacts.sha256_file(path)


def test_the_stage_gives_the_same_bytes_again(mirror):
    mirror(published(net().state_dict()))
    weights.run(NAME)
    before = {p.name: p.read_bytes() for p in paths.weights(NAME).iterdir()}
    weights.run(NAME)
    assert before == {p.name: p.read_bytes() for p in paths.weights(NAME).iterdir()}


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('a pickle was read')",))


def pickles(tmp_path):
    torch.save({"body.1.weight": torch.zeros(2)}, tmp_path / "net.pt")
    return {
        "pickle": pickle.dumps(Bomb()),
        "torch": (tmp_path / "net.pt").read_bytes(),
        "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(100),
        "text": b"weights",
    }


@pytest.mark.parametrize("kind", ["pickle", "torch", "hdf5", "text"])
def test_a_file_that_is_not_safetensors_is_refused_unread(kind, mirror, tmp_path):
    mirror(pickles(tmp_path)[kind])
    with pytest.raises(FoursplitError, match="safetensors"):
        weights.run(NAME)
    assert not paths.weights(NAME).exists()


def test_wrong_bytes_are_refused_and_what_was_there_stays(mirror):
    path = mirror(published(net().state_dict()))
    weights.run(NAME)
    before = paths.weights_file(NAME).read_bytes()
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(FoursplitError, match="expected sha256"):
        weights.run(NAME)
    assert paths.weights_file(NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({r"body\.(\d+)\.(weight|bias)": r"\1.\2", r"input\.(\w+)": r"0.\1"}, "steps"),
        ({".*": "same"}, "both become 'same'"),
        ({".*": None}, "every tensor"),
        ({"(": "x"}, "regular expression"),
    ],
)
def test_a_rule_of_names_that_does_not_fit_names_the_tensors(names, said, mirror):
    mirror(published(net().state_dict()), names=names)
    with pytest.raises(FoursplitError, match=f"names.*{said}"):
        weights.run(NAME)


def test_tensors_of_another_shape_or_missing_are_all_named(mirror, project):
    other = net(hidden=(5,)).state_dict()
    left_out = [name for name in other if name.endswith("bias")][-1]
    del other[left_out]
    mirror(published(other))
    start_from(project, weights=NAME)
    winner._deal({split: winner.examples(split) for split in winner.N})
    with pytest.raises(FoursplitError, match=f"repro weights@{NAME}"):
        train.run(KEY)  # not fetched yet
    weights.run(NAME)
    first = next(n for n, v in other.items() if net().state_dict()[n].shape != v.shape)
    with pytest.raises(FoursplitError) as refused:
        train.run(KEY)
    assert first in str(refused.value)
    assert f"{left_out}: (3,) here, none there" in str(refused.value)
    assert NAME in str(refused.value)


def test_a_licence_must_be_accepted(mirror, monkeypatch):
    mirror(published(net().state_dict()), terms="ask", why="course material")
    with pytest.raises(FoursplitError, match="FOURSPLIT_ACCEPT=wine_net"):
        weights.run(NAME)
    monkeypatch.setenv("FOURSPLIT_ACCEPT", NAME)
    weights.run(NAME)


@pytest.mark.parametrize("pretrained", [{}, {"experiment": "a", "weights": "b"}])
def test_weights_come_from_one_place(pretrained, project):
    with pytest.raises(FoursplitError, match="either `experiment`"):
        build(start_from(project, **pretrained))


def test_only_safetensors_can_be_catalogued(mirror):
    file = {"path": f"{NAME}/model.pt", "sha256": "0", "bytes": 1}
    mirror(b"", file=file)
    with pytest.raises(FoursplitError, match=r"model\.pt.*\.safetensors"):
        weights.run(NAME)


def test_check_says_what_the_weights_are_and_refuses_a_wrong_name(mirror, project):
    mirror(published(net().state_dict()))
    start_from(project, weights=NAME)
    said = check.describe(load())
    assert NAME in said
    assert "CC0-1.0" in said
    start_from(project, weights="wine_nett")
    with pytest.raises(FoursplitError, match="fit.pretrained.weights.*'wine_net'"):
        check.check(load())


def test_the_pipeline_fetches_weights_before_the_training_that_starts_from_them(mirror, project):
    mirror(published(net().state_dict()))
    start_from(project, weights=NAME)
    for path, text in write_pipelines.expected_files(load()).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    stage = bounded_yaml.load(paths.pipeline_file("weights"))["stages"]["weights"]
    assert stage["foreach"] == {NAME: {"catalogue": "own_package/models/catalogue.yaml"}}
    course = bounded_yaml.load(paths.pipeline_file("supervised"))["stages"]["train"]
    assert course["foreach"][KEY]["initial_weights"] == f"data/weights/{NAME}/model.safetensors"
