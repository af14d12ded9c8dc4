"""Pretrained weights, phases with frozen layers, mixup and averaged weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tests.training.arrays import random_arrays
from tests.training.test_loops import SHAPE, fit_of, train
from torch import nn

from foursplit.core.errors import FoursplitError
from foursplit.layers.standardize import Standardize
from foursplit.models import mlp
from foursplit.tasks import classify, regress
from foursplit.training import initial_weights
from foursplit.training.augment import Mixup
from foursplit.training.initial_weights import load_pretrained

LOOPS = ("fast", "lightning")


def small_net(seed=1, hidden=(16,)):
    args = mlp.Args(hidden=hidden, dropout=0.3)
    return initial_weights.build_with_seed(lambda: mlp.build(args, SHAPE), seed)


def first_linear(net):
    return next((n, m) for n, m in net.named_modules() if isinstance(m, nn.Linear))


def phases(*blocks):
    return fit_of(max_epochs=sum(block["max_epochs"] for block in blocks), phases=list(blocks))


@pytest.mark.parametrize("loop", LOOPS)
def test_frozen_layers_keep_their_weights_and_others_do_not(loop, tmp_path):
    name, _ = first_linear(small_net())
    fit = phases({"max_epochs": 3, "freeze": [name]})
    net, _ = train(tmp_path / "state", fit, loop)
    before = small_net().state_dict()
    for key, values in net.state_dict().items():
        if isinstance(net.get_submodule(key.rpartition(".")[0]), nn.Linear):
            assert torch.equal(values, before[key]) == key.startswith(f"{name}."), key
    assert all(p.requires_grad for p in net.parameters())


@pytest.mark.parametrize("loop", LOOPS)
def test_one_phase_that_freezes_nothing_is_training_without_phases(loop, tmp_path):
    plain, rows = train(tmp_path / "state", fit_of(max_epochs=4), loop)
    phased, phased_rows = train(tmp_path / "state", phases({"max_epochs": 4}), loop)
    assert rows == phased_rows
    for key, values in plain.state_dict().items():
        assert torch.equal(values, phased.state_dict()[key])


def test_both_loops_agree_on_phases(tmp_path):
    fit = phases(
        {"max_epochs": 3, "freeze": [first_linear(small_net())[0]]},
        {"max_epochs": 4, "learning_rate": 0.01},
    )
    _, fast = train(tmp_path / "state", fit, "fast")
    _, plain = train(tmp_path / "state", fit, "lightning")
    assert [row["epoch"] for row in fast] == [row["epoch"] for row in plain] == [*range(1, 8)]
    for mine, theirs in zip(fast, plain, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)


class StopError(Exception):
    pass


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("stop_at", [2, 3, 5])
def test_training_goes_on_in_the_middle_of_a_phase(loop, stop_at, tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_SAVE_EVERY_S", "0")
    fit = phases({"max_epochs": 3, "freeze": [first_linear(small_net())[0]]}, {"max_epochs": 4})
    expected, rows = train(tmp_path / "whole", fit, loop)

    def stop(row):
        if row["epoch"] == stop_at:
            raise StopError

    with pytest.raises(StopError):
        train(tmp_path / "state", fit, loop, listeners=(stop,))
    again, rows_again = train(tmp_path / "state", fit, loop)
    assert rows == rows_again
    for key, values in expected.state_dict().items():
        assert torch.equal(values, again.state_dict()[key])
    assert not (tmp_path / "state").exists()


def test_a_frozen_batch_norm_keeps_its_statistics(tmp_path):
    def build():
        return nn.Sequential(
            nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)
        )  # fmt: skip

    for freeze, is_kept in ((["0", "1"], True), (["0"], False)):
        for loop in LOOPS:
            net = initial_weights.build_with_seed(build, 1)
            fit = phases({"max_epochs": 3, "freeze": freeze})
            train(tmp_path / "state", fit, loop, module=classify.module(net, fit, SHAPE))
            assert torch.equal(net[1].running_mean, torch.zeros(8)) == is_kept


def test_a_phase_that_trains_nothing_and_a_layer_that_is_not_there_are_refused(tmp_path):
    everything = [name for name, m in small_net().named_modules() if isinstance(m, nn.Linear)]
    with pytest.raises(FoursplitError, match="no weight"):
        train(tmp_path / "state", phases({"max_epochs": 1, "freeze": everything}), "fast")
    with pytest.raises(FoursplitError, match="'head'"):
        train(tmp_path / "state", phases({"max_epochs": 1, "freeze": ["head"]}), "fast")


@pytest.mark.parametrize(
    "settings",
    [
        {"phases": [{"max_epochs": 3}]},  # max_epochs is 10
        {"phases": [{"max_epochs": 10}], "max_steps": 5},
        {"phases": [{"max_epochs": 10}], "early_stopping": {"patience": 1}},
        {"phases": [{"max_epochs": 10, "rate": 1}]},
        {"ema_decay": 1.0},
        {"mixup": -1},
        {"ema_decay": 0.9, "loop": "fast"},
    ],
    ids=str,
)
def test_what_does_not_fit_together_is_refused(settings):
    with pytest.raises(ValidationError):
        fit_of(**settings)


def test_pretrained_weights_are_copied_but_for_the_excluded_layers():
    source, net = small_net(seed=5), small_net(seed=6)
    fresh = {name: values.clone() for name, values in net.state_dict().items()}
    head = [n for n, m in net.named_modules() if isinstance(m, nn.Linear)][-1]
    copied = load_pretrained(net, source.state_dict(), (head,), "other")
    for name, values in net.state_dict().items():
        expected = fresh if name.startswith(f"{head}.") else source.state_dict()
        assert torch.equal(values, expected[name])
        assert (name in copied) == (not name.startswith(f"{head}."))


def test_what_was_measured_on_the_sources_inputs_stays(tmp_path):
    source, net = small_net(seed=5), small_net(seed=6)
    layer = next(m for m in source.modules() if isinstance(m, Standardize))
    layer.mean.fill_(7.0)
    load_pretrained(net, source.state_dict(), (), "other")
    fit = fit_of(max_epochs=1)
    train(tmp_path / "state", fit, "fast", module=classify.module(net, fit, SHAPE))
    assert (next(m for m in net.modules() if isinstance(m, Standardize)).mean == 7.0).all()


def test_weights_of_another_shape_are_refused_by_name():
    other = small_net(hidden=(9,))
    name, _ = first_linear(other)
    with pytest.raises(FoursplitError, match=rf"{name}\.weight"):
        load_pretrained(small_net(), other.state_dict(), (), "other")
    with pytest.raises(FoursplitError, match="'nowhere'"):
        load_pretrained(small_net(), other.state_dict(), ("nowhere",), "other")


def test_mixup_keeps_the_mean_loss_of_linear_outputs_between_both_examples():
    rng = np.random.default_rng(3)
    batch = {n: torch.from_numpy(v) for n, v in random_arrays(classify, SHAPE, 8, rng).items()}
    mixed = Mixup(0.4)(batch, np.random.default_rng(1))
    share, net = float(mixed["mixup_share"]), nn.Linear(6, 3)
    # Every mixed row lies on the line between its own example and one of the mixed label.
    for n, row in enumerate(mixed["x"]):
        rest = (row - share * batch["x"][n]) / (1 - share)
        source = int(((batch["x"] - rest) ** 2).sum(dim=1).argmin())
        torch.testing.assert_close(batch["x"][source], rest, atol=1e-4, rtol=1e-4)
        assert mixed["mixup_y"][n] == batch["y"][source]
    task = classify.module(net, fit_of(mixup=0.4), SHAPE)
    outputs = net(mixed["x"])
    by_hand = share * nn.functional.cross_entropy(outputs, batch["y"])
    by_hand = by_hand + (1 - share) * nn.functional.cross_entropy(outputs, mixed["mixup_y"])
    torch.testing.assert_close(task.output_loss(outputs, mixed), by_hand)


def test_mixup_is_for_classes_alone():
    with pytest.raises(FoursplitError, match=r"fit\.mixup"):
        regress.module(nn.Linear(6, 1), fit_of(mixup=0.2), SHAPE)


@pytest.mark.parametrize("settings", [{"mixup": 0.4}, {"mixup": 0.4, "batch_size": None}])
def test_both_loops_agree_on_mixup(settings, tmp_path):
    _, fast = train(tmp_path / "state", fit_of(max_epochs=4, **settings), "fast")
    _, plain = train(tmp_path / "state", fit_of(max_epochs=4, **settings), "lightning")
    for mine, theirs in zip(fast, plain, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)
    _, without = train(tmp_path / "state", fit_of(max_epochs=4), "fast")
    assert without[-1]["train_loss"] != pytest.approx(fast[-1]["train_loss"], abs=1e-4)


def test_the_average_of_the_weights_is_the_recursion_by_hand(tmp_path):
    """Averaged after each step: `average = decay * average + (1 - decay) * weights`."""
    decay, fit = 0.8, fit_of(max_epochs=3, optimizer="sgd", batch_size=None)
    history = []
    for epochs in (1, 2, 3):  # full batch: a step an epoch
        net, _ = train(tmp_path / "state", replace(fit, max_epochs=epochs), "lightning")
        history.append({k: v.clone() for k, v in net.state_dict().items()})
    averaged, _ = train(tmp_path / "state", replace(fit, ema_decay=decay), "lightning")
    for key, values in averaged.state_dict().items():
        expected = history[0][key]
        for later in history[1:]:
            expected = decay * expected + (1 - decay) * later[key]
        torch.testing.assert_close(values, expected, atol=1e-6, rtol=1e-5)
