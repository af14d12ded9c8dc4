"""Lightning's loop goes on in the middle of an epoch, to the same bytes."""

import pytest
import pytorch_lightning as L
import torch
from tests.training.test_loops import fit_of, train


class StopError(Exception):
    """What a kill in the middle of an epoch leaves: the last checkpoint and nothing else."""


class StopAt(L.Callback):
    def __init__(self, epoch, batch):
        self.at = (epoch, batch)

    def on_train_batch_start(self, trainer, _module, _batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == self.at:
            raise StopError


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"mixup": 0.3},
        {"accumulate_grad_batches": 2},
        {"ema_decay": 0.9},
        {"lr_scheduler": {"name": "CosineAnnealingLR", "interval": "step", "warmup": 20}},
    ],
    ids=str,
)
@pytest.mark.parametrize("at", [(0, 3), (2, 1), (3, 6)])
def test_lightnings_loop_goes_on_in_the_middle_of_an_epoch(asked, at, tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_SAVE_EVERY_S", "0")
    fit = fit_of(max_epochs=5, **asked)  # seven batches an epoch
    whole, rows = train(tmp_path / "whole", fit, "lightning")
    with pytest.raises(StopError):
        train(tmp_path / "state", fit, "lightning", callbacks=(StopAt(*at),))
    seen = Seen()
    again, rows_again = train(tmp_path / "state", fit, "lightning", callbacks=(seen,))
    assert rows == rows_again
    for name, values in whole.state_dict().items():
        assert torch.equal(values, again.state_dict()[name])
    epoch, batch = at
    steps = asked.get("accumulate_grad_batches", 1)
    assert seen.batches[0] == (epoch, batch // steps * steps)  # and not from the epoch's start


class Seen(L.Callback):
    def __init__(self):
        self.batches = []

    def on_train_batch_start(self, trainer, _module, _batch, batch_idx):
        self.batches.append((trainer.current_epoch, batch_idx))
