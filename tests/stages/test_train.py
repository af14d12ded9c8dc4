"""A stage that was stopped trains the seeds that are missing, and ends with the same bytes."""

import copy
import json
import shutil

import pytest
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.stages import train as stage
from foursplit.training import device, seed_cache
from foursplit.training import train as training

SEEDS = [1, 2, 3]
NETWORK = {"model": "mlp", "model_args": {"hidden": [4]}}
STEPS = {"learning_rate": 0.01, "batch_size": 32, "max_epochs": 2}
KINDS = {
    "network": NETWORK | {"fit": STEPS | {"seeds": SEEDS}},
    "estimator": {"model": "logistic_sklearn", "fit": {"seeds": SEEDS}},
    "own": {"model": "decision_tree", "fit": {"seeds": SEEDS}},
}


class Stopped(BaseException):
    """As Ctrl-C is no Exception."""


@pytest.fixture
def small(project, monkeypatch, request):
    """Give a project whose one experiment is of a kind of engine, and its splits."""
    monkeypatch.setenv("FOURSPLIT_ACCELERATOR", "cpu")
    winner.make(project)
    wanted = copy.deepcopy(winner.PARAMS)
    wanted["experiments"]["supervised"][KEY] |= KINDS[request.param]
    (project / "params.yaml").write_text(json.dumps(wanted))
    winner._deal({split: winner.examples(split) for split in winner.N})
    return project


kinds = pytest.mark.parametrize("small", KINDS, indirect=True)
network = pytest.mark.parametrize("small", ["network"], indirect=True)


def run(monkeypatch, *, stop_at=None):
    """Run the stage as DVC does, which removes its outputs first; give the seeds it trained."""
    trained, real = [], stage.train.train

    def watched(job, folder, seed, *listeners):
        if seed == stop_at:
            raise Stopped
        trained.append(seed)
        return real(job, folder, seed, *listeners)

    shutil.rmtree(paths.models(GROUP, KEY), ignore_errors=True)
    with monkeypatch.context() as patch:
        patch.setattr(stage.train, "train", watched)
        if stop_at is None:
            return trained, stage.run(KEY)
        with pytest.raises(Stopped):
            stage.run(KEY)
        return trained, None


def files():
    folder = paths.models(GROUP, KEY)
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def left():
    return [*(paths.state() / "resume").rglob("*.json")]


@kinds
def test_seeds_that_were_finished_are_taken_and_the_bytes_are_the_same(small, monkeypatch):
    assert run(monkeypatch)[0] == SEEDS
    whole = files()
    assert not left()
    assert run(monkeypatch, stop_at=3)[0] == [1, 2]
    trained, said = run(monkeypatch)
    assert trained == [3]
    assert said.startswith("3 seed(s) (2 trained before) on cpu")
    assert files() == whole
    assert not left()
    assert run(monkeypatch)[0] == SEEDS  # what has ended is trained anew when it is asked for


@kinds
def test_of_other_data_nothing_is_taken(small, monkeypatch):
    run(monkeypatch, stop_at=3)
    winner._deal({split: winner.examples(split, drawn=1) for split in winner.N})
    trained, said = run(monkeypatch)
    assert trained == SEEDS
    assert "before" not in said


@network
def test_of_another_device_nothing_is_taken(small, monkeypatch):
    run(monkeypatch, stop_at=3)
    with monkeypatch.context() as patch:
        patch.setattr(device, "name", lambda kind: f"another {kind}")
        assert run(monkeypatch)[0] == SEEDS


@network
def test_of_a_setting_changed_or_other_libraries_nothing_is_taken(small, monkeypatch):
    run(monkeypatch, stop_at=3)
    (small / "requirements-numeric.lock").write_text("torch==0\n")
    assert run(monkeypatch, stop_at=3)[0] == [1, 2]
    params = small / "params.yaml"
    params.write_text(params.read_text().replace('"hidden": [4]', '"hidden": [5]'))
    assert run(monkeypatch)[0] == SEEDS


@network
def test_a_torn_copy_is_trained_again(small, monkeypatch):
    run(monkeypatch)
    whole = files()
    run(monkeypatch, stop_at=3)
    (path,) = (paths.state() / "resume" / KEY / "finished").glob("1-*/model.safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    assert run(monkeypatch)[0] == [1, 3]
    assert files() == whole


@kinds
@pytest.mark.parametrize(
    ("edit", "counts"),
    [("\nEDITED = 1\n", True), ("\n# Edited.\n", False)],
    ids=["code", "comment"],
)
def test_a_model_that_is_edited_while_it_trains_is_not_written(small, monkeypatch, edit, counts):
    """Its manifest would name code that did not train it; a comment is no code."""
    params = json.loads((small / "params.yaml").read_text())
    experiment = params["experiments"]["supervised"][KEY]
    edited = small / "own_package" / "models" / "edited.py"
    edited.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(plugins.file("models", experiment["model"]), edited)
    experiment["model"] = "edited"
    (small / "params.yaml").write_text(json.dumps(params))
    real = training._model

    def editing(*given):
        edited.write_text(edited.read_text() + edit)
        return real(*given)

    monkeypatch.setattr(training, "_model", editing)
    if counts:
        with pytest.raises(FoursplitError, match="changed while"):
            stage.run(KEY)
        assert files() == {}
    else:
        stage.run(KEY)
        assert files()


@network
def test_a_seed_whose_code_changed_meanwhile_is_not_taken_later(small, monkeypatch):
    run(monkeypatch, stop_at=2)
    assert left()
    shutil.rmtree(paths.state() / "resume")
    layer = {"foursplit/layers/standardize.py": "another"}
    monkeypatch.setattr(seed_cache, "code", lambda given: training.code(given) | layer)
    run(monkeypatch, stop_at=2)
    assert not left()


@network
def test_what_decides_nothing_of_a_training_may_be_edited_meanwhile(small):
    found = training.code(load().experiment(KEY))
    assert "foursplit/layers/standardize.py" in found
    assert not [path for path in found if path.startswith(("foursplit/cli", "foursplit/tracking"))]
