"""The stage trains many seeds at once: the same files within rounding, as safe to interrupt."""

import copy
import json
import shutil

import numpy as np
import pytest
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY

from foursplit.config import paths
from foursplit.config.fit import TrainerConfig
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.stages import train as stage
from foursplit.training import manifest, seed_batch, train_seeds

SEEDS = list(range(1, 9))
STEPS = {"learning_rate": 0.01, "batch_size": 32, "max_epochs": 4}


class Stopped(BaseException):
    """As Ctrl-C is no Exception."""


class Live:
    """Rows of each seed, as MLflow's live curves get them."""

    def __init__(self, stop_after=None):
        self.rows, self.closed, self.stop_after = {}, [], stop_after

    def __call__(self, *, seed, **_about):
        return Follower(self, seed)


class Follower:
    def __init__(self, live, seed):
        self.live, self.seed = live, seed

    def __call__(self, row):
        self.live.rows.setdefault(self.seed, []).append(row["epoch"])
        if self.live.stop_after and row["epoch"] >= self.live.stop_after:
            raise Stopped

    def close(self):
        self.live.closed.append(self.seed)


@pytest.fixture
def small(project, monkeypatch):
    """Give a project whose one experiment has eight seeds of a network with dropout."""
    monkeypatch.setenv("FOURSPLIT_ACCELERATOR", "cpu")
    monkeypatch.setenv("FOURSPLIT_SAVE_EVERY_S", "0")
    winner.make(project)
    winner._deal({split: winner.examples(split) for split in winner.N})
    return project


def params(project, *, model="mlp", model_args=None, **fit):
    wanted = copy.deepcopy(winner.PARAMS)
    wanted["experiments"]["supervised"][KEY] |= {
        "model": model,
        "model_args": {"hidden": [4], "dropout": 0.2} if model_args is None else model_args,
        "fit": STEPS | {"seeds": SEEDS} | fit,
    }
    (project / "params.yaml").write_text(json.dumps(wanted))


def run(live=None):
    """Run the stage as DVC does, which removes its outputs first."""
    shutil.rmtree(paths.models(GROUP, KEY), ignore_errors=True)
    return stage.run(KEY, live)


def files():
    folder = paths.models(GROUP, KEY)
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def left():
    return [*(paths.state() / "resume").rglob("*.json")]


def test_eight_seeds_are_trained_at_once_and_each_has_its_folder(small):
    params(small)
    said = run()
    assert said.startswith("8 seed(s) at once on cpu")
    whole = files()
    assert not left()
    run()
    assert files() == whole
    params(small, batch_seeds="never")
    assert run().startswith("8 seed(s) on cpu")
    single = files()
    assert single.keys() == whole.keys()
    for seed in SEEDS:
        folder = paths.seed_folder(paths.models(GROUP, KEY), seed)
        assert manifest.load(folder).seed == seed


def test_weights_are_those_of_each_seed_alone_within_rounding(small):
    params(small)
    run()
    at_once = {seed: _weights(seed) for seed in SEEDS}
    params(small, batch_seeds="never")
    run()
    for seed in SEEDS:
        for name, values in _weights(seed).items():
            np.testing.assert_allclose(values, at_once[seed][name], atol=2e-6)


def _weights(seed):
    path = paths.seed_folder(paths.models(GROUP, KEY), seed) / "model.safetensors"
    return {name: values.numpy() for name, values in artifacts.read_tensors(path).items()}


def test_fewer_seeds_keep_the_bytes_that_each_has_alone(small):
    params(small, seeds=SEEDS[:7])
    said = run()
    assert "at once" not in said
    seven = files()
    params(small, seeds=SEEDS[:7], batch_seeds="never")
    run()
    assert files() == seven
    params(small, seeds=SEEDS[:2], batch_seeds="always")
    assert "at once" in run()


def test_a_stage_that_is_stopped_goes_on_and_ends_with_the_same_bytes(small):
    params(small)
    run()
    whole = files()
    with pytest.raises(Stopped):
        run(Live(stop_after=3))
    assert files() == {}
    assert left()
    live = Live()
    run(live)
    assert files() == whole
    assert not left()
    assert live.rows == {seed: [3, 4] for seed in SEEDS}
    assert sorted(live.closed) == SEEDS


def test_a_stage_that_is_stopped_while_it_writes_trains_nothing_again(small, monkeypatch):
    params(small)
    run()
    whole, real = files(), train_seeds._write

    def stopping(batch, folder, training, rows):
        if training.seed == SEEDS[3]:
            raise Stopped
        return real(batch, folder, training, rows)

    with monkeypatch.context() as patch:
        patch.setattr(train_seeds, "_write", stopping)
        with pytest.raises(Stopped):
            run()
    live = Live()
    run(live)
    assert files() == whole
    assert live.rows == {}  # the last epoch's state was there


def test_code_that_is_edited_meanwhile_is_not_written(small, monkeypatch):
    params(small)
    monkeypatch.setattr(manifest, "code_hash", _another_each_time())
    with pytest.raises(FoursplitError, match="changed while"):
        run()
    assert files() == {}


def _another_each_time():
    counted = iter(range(1000))
    return lambda model: f"{model} {next(counted)}"


@pytest.mark.parametrize(
    ("model", "args", "fit"),
    [
        ("matrix_factorization", {"n_users": 9, "n_items": 9}, {}),
        ("mlp", None, {"max_steps": 3}),
        ("mlp", None, {"loop": "lightning"}),
        ("mlp", None, {"batch_seeds": "never"}),
        ("mlp", None, {"seeds": [1]}),
    ],
    ids=["unknown layers", "what Lightning alone does", "its loop", "not wanted", "one seed"],
)
def test_others_are_trained_one_by_one(small, model, args, fit):
    params(small, model=model, model_args=args, **fit)
    assert train_seeds.prepare(stage.prepare(KEY, load())) is None


def test_a_device_that_is_no_cpu_trains_one_by_one(small, monkeypatch):
    params(small)
    monkeypatch.setattr("foursplit.training.train.kind_of", lambda *_: "gpu")
    assert train_seeds.prepare(stage.prepare(KEY, load())) is None


def test_memory_for_all_seeds_must_be_there(small, monkeypatch):
    params(small)
    assert train_seeds.prepare(stage.prepare(KEY, load())) is not None
    monkeypatch.setattr("foursplit.training.forward_cost.MAX_BYTES", 1000)
    assert train_seeds.prepare(stage.prepare(KEY, load())) is None


def test_a_setting_that_is_unknown_to_batches_is_trained_alone(small, monkeypatch):
    """What somebody adds to `fit` must be taught to batches before they obey it."""
    params(small)
    fit = load().experiment(KEY).fit
    assert train_seeds.is_wanted(fit)
    monkeypatch.setattr(TrainerConfig, "changed", lambda _: {"seeds": SEEDS, "of_tomorrow": 1})
    assert not train_seeds.is_wanted(fit)


def test_a_batch_is_not_trained_where_nothing_asks_for_it(small, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(seed_batch, "fit_batch", never)
    params(small, seeds=SEEDS[:5])
    run()
