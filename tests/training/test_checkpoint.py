"""Interrupted training goes on as if it had never stopped."""

import shutil

import numpy as np
import pytest
import torch
from tests.training.arrays import random_arrays

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.models import mlp
from foursplit.tasks import classify
from foursplit.training import initial_weights, network
from foursplit.training.batches import Batches, OnDevice
from foursplit.training.checkpoint import SafetensorsCheckpointIO, is_complete

SHAPE = DataSpec(inputs=(6,), classes=("a", "b", "c"))
FIT = TrainerConfig(seeds=(1,), learning_rate=0.01, max_epochs=12, batch_size=16)


class Stop(Exception):  # noqa: N818, a test's own signal
    pass


def train(state, *, stop_after=None):
    """Train with dropout, which draws; stop by an error after some epochs, if asked."""

    def listen(row):
        if stop_after and row["epoch"] >= stop_after:
            raise Stop

    args = mlp.Args(hidden=(16,), dropout=0.3)
    net = initial_weights.build_with_seed(lambda: mlp.build(args, SHAPE), 1)
    rng = np.random.default_rng(4)
    train, train_dev, dev = (random_arrays(classify, SHAPE, n, rng) for n in (100, 30, 30))
    training = network.Training(
        module=classify.module(net, FIT, SHAPE),
        train=train,
        validation={"train_dev": train_dev, "dev": dev},
        fit=FIT,
        seed=1,
        kind="cpu",
        state=state,
        listeners=(listen,),
    )
    curves = network.fit(training)
    return net.state_dict(), curves


@pytest.mark.parametrize("stop_after", [1, 5, 11])
def test_resumed_training_gives_the_same_weights_and_curves(tmp_path, monkeypatch, stop_after):
    monkeypatch.setenv("FOURSPLIT_SAVE_EVERY_S", "0")
    weights, curves = train(tmp_path / "whole")
    state = tmp_path / "parts"
    with pytest.raises(Stop):
        train(state, stop_after=stop_after)
    resumed, more = train(state)
    assert all(torch.equal(weights[name], resumed[name]) for name in weights)
    assert more == curves
    assert not state.exists()


def test_resuming_really_skips_what_was_done(tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_SAVE_EVERY_S", "0")
    with pytest.raises(Stop):
        train(tmp_path / "state", stop_after=8)
    assert is_complete(tmp_path / "state")
    seen = []
    original = Batches.__iter__

    def counted(self):
        if self.seed is not None:
            seen.append(self.epoch())
        return original(self)

    monkeypatch.setattr(Batches, "__iter__", counted)
    train(tmp_path / "state")
    assert min(seen) >= 7


def test_the_state_holds_no_pickle(tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_SAVE_EVERY_S", "0")
    with pytest.raises(Stop):
        train(tmp_path / "state", stop_after=3)
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == [
        "state.json",
        "state.safetensors",
    ]


def test_a_checkpoint_comes_back_as_it_went(tmp_path):
    checkpoint = {
        "epoch": 3,
        "nested": {0: {"step": torch.tensor(4.0), "betas": (0.9, 0.999)}, "list": [1, None, "x"]},
    }
    plain = SafetensorsCheckpointIO()
    plain.save_checkpoint(checkpoint, tmp_path / "c")
    assert plain.load_checkpoint(tmp_path / "c") == checkpoint
    shutil.rmtree(tmp_path / "c")
    assert not is_complete(tmp_path / "c")


def test_batches_cover_every_example_once_an_epoch():
    epoch = 0
    arrays = {"x": np.arange(50.0)[:, None], "y": np.arange(50)}
    split = OnDevice(arrays, torch.device("cpu"))
    batches = Batches(split, size=8, seed=3, epoch=lambda: epoch)
    first = torch.cat([batch["y"] for batch in batches])
    assert sorted(first.tolist()) == list(range(50))
    assert len(batches) == 7
    epoch = 1
    assert torch.cat([batch["y"] for batch in batches]).tolist() != first.tolist()
    epoch = 0
    assert torch.cat([batch["y"] for batch in batches]).tolist() == first.tolist()


def test_unshuffled_batches_keep_the_order():
    split = OnDevice({"x": np.zeros((10, 1)), "y": np.arange(10)}, torch.device("cpu"))
    assert torch.cat([b["y"] for b in Batches(split, size=4)]).tolist() == list(range(10))
