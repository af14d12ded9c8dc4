"""Both loops of training give the same curves, and each does what `fit` asks of it."""

import numpy as np
import pytest
import pytorch_lightning as L
import torch
from pydantic import TypeAdapter, ValidationError
from tests.training.arrays import random_arrays

from foursplit.config.fit import TrainerConfig
from foursplit.core.arrays import Ragged
from foursplit.core.examples import DataSpec
from foursplit.layers.standardize import Standardize
from foursplit.models import mlp
from foursplit.tasks import classify
from foursplit.training import initial_weights, network
from foursplit.training.input_statistics import fit_input_statistics

SHAPE = DataSpec(inputs=(6,), classes=("a", "b", "c"))
BASE = {"seeds": [1], "learning_rate": 0.05, "max_epochs": 10, "batch_size": 16}


def fit_of(**settings):
    return TypeAdapter(TrainerConfig).validate_python({**BASE, **settings})


def train(state, fit, loop, *, module=None, callbacks=(), **how):
    rng = np.random.default_rng(4)
    train, train_dev, dev = (random_arrays(classify, SHAPE, n, rng) for n in (100, 30, 30))
    args = mlp.Args(hidden=(16,), dropout=0.3)
    net = initial_weights.build_with_seed(lambda: mlp.build(args, SHAPE), 1)
    rows = network.fit(
        network.Training(
            module=module or classify.module(net, fit, SHAPE), train=train,
            validation={"train_dev": train_dev, "dev": dev}, fit=fit, seed=1, kind="cpu",
            state=state, callbacks=callbacks, **how,
        ),
        loop,
    )  # fmt: skip
    return net, rows


ASKED = [
    {},
    {"max_epochs": 121},  # validated every second epoch
    {"batch_size": None},
    {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
    {"optimizer": "rmsprop", "learning_rate": 0.01},
    {"optimizer": "adamw", "weight_decay": 0.1},
    {"gradient_clip_val": 0.1},
    {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"},
    {"label_smoothing": 0.1},
    {"lr_scheduler": {"name": "CosineAnnealingLR", "interval": "step", "warmup": 20}},
    {"lr_scheduler": {"name": "StepLR", "gamma": 0.5, "step_size": 3}},
    {"lr_scheduler": {"name": "ExponentialLR", "gamma": 0.98}},
    {"lr_scheduler": {"name": "InverseTimeDecay", "decay_rate": 1.0}},
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_both_loops_give_the_same_curves(asked, tmp_path):
    fit = fit_of(**asked)
    _, fast = train(tmp_path / "state", fit, "fast")
    _, plain = train(tmp_path / "state", fit, "lightning")
    assert [row["epoch"] for row in fast] == [row["epoch"] for row in plain]
    for mine, theirs in zip(fast, plain, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize("asked", ASKED[1:], ids=str)
def test_each_setting_changes_what_is_learnt(asked, tmp_path):
    base, _ = train(tmp_path / "state", fit_of(), "fast")
    other, _ = train(tmp_path / "state", fit_of(**asked), "fast")
    weights = [p.detach().flatten() for p in base.parameters()]
    others = [p.detach().flatten() for p in other.parameters()]
    assert not torch.allclose(torch.cat(weights), torch.cat(others), atol=1e-4)


@pytest.mark.parametrize("loop", ["fast", "lightning"])
def test_a_schedule_goes_on_where_training_was_stopped(loop, tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_SAVE_EVERY_S", "0")
    schedule = {"name": "CosineAnnealingLR", "interval": "step", "warmup": 20}
    fit = fit_of(max_epochs=12, lr_scheduler=schedule)
    whole, rows = train(tmp_path / "whole", fit, loop)

    class StopError(Exception):
        pass

    def stop(row):
        if row["epoch"] >= 5:
            raise StopError

    with pytest.raises(StopError):
        train(tmp_path / "parts", fit, loop, listeners=(stop,))
    resumed, more = train(tmp_path / "parts", fit, loop)
    assert more == rows
    for name, values in whole.state_dict().items():
        assert torch.equal(values, resumed.state_dict()[name]), name


def test_lightnings_loop_calls_every_hook_and_knows_the_metrics(tmp_path):
    class Seen(L.Callback):
        steps, metrics = 0, {}

        def on_before_optimizer_step(self, *_):
            self.steps += 1

        def on_train_epoch_end(self, trainer, _):
            self.metrics = dict(trainer.callback_metrics)

    seen = Seen()
    train(tmp_path / "state", fit_of(max_epochs=3), "lightning", callbacks=(seen,))
    assert seen.steps == 3 * 7
    assert {"train_loss", "dev_loss", "dev_error", "train_dev_loss"} <= set(seen.metrics)


def test_early_stopping_ends_training(tmp_path):
    fit = fit_of(max_epochs=40, early_stopping={"patience": 2})
    _, rows = train(tmp_path / "state", fit, "lightning")
    losses = [row["dev_loss"] for row in rows]
    assert 3 <= len(rows) < 40
    assert min(losses) == losses[-3]  # the best, and two validations without a better one


def test_max_steps_and_accumulation_count_steps(tmp_path):
    class Steps(L.Callback):
        n = 0

        def on_fit_end(self, trainer, _):
            self.n = trainer.global_step

    counted = Steps()
    train(tmp_path / "state", fit_of(max_steps=10), "lightning", callbacks=(counted,))
    assert counted.n == 10
    fit = fit_of(max_epochs=2, accumulate_grad_batches=7)
    train(tmp_path / "state", fit, "lightning", callbacks=(counted,))
    assert counted.n == 2


def test_half_precision_learns_the_same_within_its_digits(tmp_path):
    _, whole = train(tmp_path / "state", fit_of(max_epochs=5), "lightning")
    _, half = train(tmp_path / "state", fit_of(max_epochs=5, precision="bf16-mixed"), "lightning")
    assert half[-1]["dev_loss"] == pytest.approx(whole[-1]["dev_loss"], rel=0.05)
    assert half[-1]["dev_loss"] != whole[-1]["dev_loss"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"momentum": 0.9}, "adam has no momentum"),
        ({"optimizer": "sgd", "nesterov": True}, "nesterov needs momentum"),
        ({"optimizer": "sgd", "betas": [0.9, 0.99]}, "sgd has no betas"),
        ({"loop": "fast", "max_steps": 3}, "fast cannot do max_steps"),
        ({"lr_scheduler": {"name": "StepLR"}}, "StepLR needs gamma"),
        ({"lr_scheduler": {"name": "ConstantLR", "decay_rate": 1}}, "ConstantLR has no decay_rate"),
    ],
)
def test_what_does_not_fit_together_is_refused_by_name(asked, message):
    with pytest.raises(ValidationError, match=message):
        fit_of(**asked)


def test_the_size_of_a_step_chooses_the_loop():
    arrays = {"x": np.zeros((100, 6), np.float32)}
    assert network.choose_loop(fit_of(), 10_000, arrays) == "fast"
    assert network.choose_loop(fit_of(), 10**9, arrays) == "lightning"
    assert network.choose_loop(fit_of(max_steps=3), 10, arrays) == "lightning"
    assert network.choose_loop(fit_of(loop="fast"), 10**9, arrays) == "fast"


def test_what_is_read_through_a_memory_map_is_streamed(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((12, 6), np.float32))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    ends = np.array([4, 12])
    for array, loop in (
        (mapped, "lightning"),
        (Ragged(mapped, ends), "lightning"),
        (np.array(mapped), "fast"),
        (Ragged(np.array(mapped), ends), "fast"),
    ):
        assert network.choose_loop(fit_of(), 10, {"x": array}) == loop


def test_inputs_measured_in_parts_are_those_measured_at_once(rng):
    x = torch.from_numpy(
        (rng.normal(size=(101, 2, 5, 5)) * [[[3]], [[0.2]]] + 7).astype(np.float32)
    )
    whole, parts = (
        torch.nn.Sequential(Standardize((2, 5, 5)), torch.nn.Tanh(), Standardize((2, 5, 5)))
        for _ in range(2)
    )
    fit_input_statistics(whole, [x])
    fit_input_statistics(parts, list(x.split(13)))
    for name, values in whole.state_dict().items():
        torch.testing.assert_close(values, parts.state_dict()[name], rtol=1e-5, atol=1e-5)
