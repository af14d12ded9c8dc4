"""Interrupted training goes on as if it had never stopped."""

import shutil

import numpy as np
import pytest
import torch

from foursplit.config.schema import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.models import mlp
from foursplit.tasks import classify
from foursplit.training import network
from foursplit.training.batches import Batches
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
    net = network.build_with_seed(lambda: mlp.build(args, SHAPE), 1)
    rng = np.random.default_rng(4)
    pairs = [classify.random_batch(SHAPE, n, rng) for n in (100, 30, 30)]
    module = classify.module(net, FIT, SHAPE)
    curves = network.fit(
        module,
        pairs[0],
        {"train_dev": pairs[1], "dev": pairs[2]},
        FIT,
        seed=1,
        kind="cpu",
        state=state,
        listeners=(listen,),
    )
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
    x, y = torch.arange(50)[:, None].float(), torch.arange(50)
    epoch = 0
    batches = Batches(x, y, size=8, seed=3, epoch=lambda: epoch)
    first = torch.cat([part for _, part in batches])
    assert sorted(first.tolist()) == list(range(50))
    assert len(batches) == 7
    epoch = 1
    assert torch.cat([part for _, part in batches]).tolist() != first.tolist()
    epoch = 0
    assert torch.cat([part for _, part in batches]).tolist() == first.tolist()


def test_unshuffled_batches_keep_the_order():
    x, y = torch.zeros(10, 1), torch.arange(10)
    assert torch.cat([part for _, part in Batches(x, y, size=4)]).tolist() == list(range(10))
