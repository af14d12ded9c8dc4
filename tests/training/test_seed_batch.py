"""Seeds trained at once learn what each learns alone, and nothing of each other."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from tests.training.arrays import random_arrays
from torch import nn

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.models import linear, logistic, mlp
from foursplit.tasks import classify, classify_binary, regress
from foursplit.training import network, seed_batch
from foursplit.training.initial_weights import build_with_seed
from foursplit.training.stacked_network import StackedDropout
from foursplit_courses.models import batch_norm_mlp, convnet, lenet, logistic_polynomial

SEEDS = (3, 1, 4)
CLASSES = DataSpec(inputs=(6,), classes=("a", "b", "c"))
TWO = DataSpec(inputs=(6,), classes=("no", "yes"))
NUMBER = DataSpec(inputs=(3,), target_iqr=1.3)
PICTURES = DataSpec(inputs=(1, 8, 8), classes=("a", "b", "c"))
LARGE_PICTURES = DataSpec(inputs=(3, 32, 32), classes=("a", "b"))
BASE = {"seeds": SEEDS, "learning_rate": 0.01, "max_epochs": 10, "batch_size": 16}
DROPOUT = (mlp, mlp.Args(hidden=(16, 8), dropout=0.3), classify, CLASSES)
PLAIN = (mlp, mlp.Args(hidden=(16,)), classify, CLASSES)
LOGISTIC = (logistic, logistic.Args(), classify_binary, TWO)
LINEAR = (linear, linear.Args(degree=2), regress, NUMBER)
BATCH_NORM = (batch_norm_mlp, batch_norm_mlp.Args(hidden=(16, 8)), classify, CLASSES)
LENET = (lenet, lenet.Args(channels=(3, 5), hidden=(12, 8)), classify, PICTURES)

TOLERANCE = 5e-6
"""How far weights and curves may lie from those of each seed alone."""


def fit_of(**settings):
    return TypeAdapter(TrainerConfig).validate_python({**BASE, **settings})


def trainings(case, fit, folder, *, seeds=SEEDS, listeners=(), n=100):
    build, args, task, shape = case
    rng = np.random.default_rng(4)
    train, train_dev, dev = (random_arrays(task, shape, m, rng) for m in (n, 30, 30))
    return [
        network.Training(
            module=task.module(
                build_with_seed(lambda: build.build(args, shape), seed), fit, shape
            ),
            train=train, validation={"train_dev": train_dev, "dev": dev}, fit=fit, seed=seed,
            kind="cpu", state=folder / "state", listeners=listeners,
        )
        for seed in seeds
    ]  # fmt: skip


def weights(training):
    return {name: values.clone() for name, values in training.module.net.state_dict().items()}


def at_once(case, fit, folder, **how):
    batch = trainings(case, fit, folder, **how)
    assert seed_batch.can_batch(batch[0].module)
    rows = seed_batch.fit_batch(batch, at_once=1000)
    return [weights(training) for training in batch], rows


def alone(case, fit, folder, **how):
    batch = trainings(case, fit, folder, **how)
    rows = [network.fit(training) for training in batch]
    return [weights(training) for training in batch], rows


def distance(batch, single):
    """Return the largest difference of two runs' weights, and of their curves."""
    (weights, rows), (others, their_rows) = batch, single
    of_weights = [
        float((mine[name] - theirs[name]).abs().max())
        for mine, theirs in zip(weights, others, strict=True)
        for name in theirs
    ]
    of_curves = []
    for mine, theirs in zip(rows, their_rows, strict=True):
        assert [list(row) for row in mine] == [list(row) for row in theirs]
        assert [row["epoch"] for row in mine] == [row["epoch"] for row in theirs]
        of_curves += [abs(a[k] - b[k]) for a, b in zip(mine, theirs, strict=True) for k in b]
    return max(of_weights), max(of_curves)


def same(first, second):
    return all(
        torch.equal(mine[name], theirs[name])
        for mine, theirs in zip(first, second, strict=True)
        for name in theirs
    )


COSINE = {"name": "CosineAnnealingLR", "interval": "step", "warmup": 5}
CASES = {
    "mlp with dropout": (DROPOUT, {}),
    "validated every second epoch": (DROPOUT, {"max_epochs": 121, "batch_size": None}),
    "logistic, full batch": (LOGISTIC, {"batch_size": None, "optimizer": "sgd"}),
    "logistic, momentum, penalty": (
        LOGISTIC, {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.02},
    ),
    "logistic on products": (
        (logistic_polynomial, logistic_polynomial.Args(degree=3), classify_binary, TWO), {},
    ),
    "linear": (LINEAR, {"batch_size": None, "optimizer": "sgd", "learning_rate": 0.1}),
    "lenet": (LENET, {"max_epochs": 4}),
    "lenet, augmented": (LENET, {"max_epochs": 3, "augment": {"turn": 20, "noise": 0.1}}),
    "convnet": ((convnet, convnet.Args(), classify, LARGE_PICTURES), {"max_epochs": 3}),
    "adamw with a schedule": (
        PLAIN, {"optimizer": "adamw", "weight_decay": 0.1, "lr_scheduler": COSINE},
    ),
    "a schedule by epochs": (
        PLAIN, {"lr_scheduler": {"name": "StepLR", "gamma": 0.5, "step_size": 3}},
    ),
    "batch norm": (BATCH_NORM, {"optimizer": "sgd", "weight_decay": 0.02, "batch_size": 25}),
    "batch norm, full batch": (BATCH_NORM, {"optimizer": "sgd", "batch_size": None}),
    "rmsprop": (PLAIN, {"optimizer": "rmsprop", "momentum": 0.5, "learning_rate": 0.001}),
    "clipped by norm": (DROPOUT, {"gradient_clip_val": 0.1}),
    "clipped by value": (DROPOUT, {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"}),
    "smoothed": (PLAIN, {"label_smoothing": 0.1}),
    "smoothed, two classes": (LOGISTIC, {"label_smoothing": 0.1}),
    "raw tanh units, all starts lecun": (
        (
            mlp,
            mlp.Args(hidden=(9, 7), standardize=False, activation="tanh", weight_init="lecun"),
            classify,
            CLASSES,
        ),
        {"optimizer": "sgd", "learning_rate": 0.1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_weights_and_curves_are_those_of_each_seed_alone(name, tmp_path):
    case, settings = CASES[name]
    fit = fit_of(**settings)
    of_weights, of_curves = distance(at_once(case, fit, tmp_path), alone(case, fit, tmp_path))
    assert of_weights < TOLERANCE
    assert of_curves < TOLERANCE


@pytest.mark.parametrize("settings", [{}, {"augment": {"shift": 1}}, {"batch_size": None}], ids=str)
def test_pictures_as_bytes_are_scaled_as_alone(settings, tmp_path):
    fit, pairs = fit_of(max_epochs=2, **settings), []
    for way in (seed_batch.fit_batch, lambda ts, _: [network.fit(t) for t in ts]):
        batch = []
        for training in trainings(LENET, fit, tmp_path):
            splits = {"train": training.train, **training.validation}
            for name, arrays in splits.items():
                x = np.random.default_rng(len(name)).integers(0, 256, arrays["x"].shape)
                splits[name] = {**arrays, "x": x.astype(np.uint8)}
            train = splits.pop("train")
            batch.append(replace(training, train=train, validation=splits, scale=1 / 255))
        rows = way(batch, 7)
        pairs.append(([weights(training) for training in batch], rows))
    assert max(distance(*pairs)) < TOLERANCE


def test_seeds_differ(tmp_path):
    """Another seed's weights would lie thousands of tolerances away."""
    states, rows = at_once(DROPOUT, fit_of(), tmp_path)
    assert float((states[0]["2.weight"] - states[1]["2.weight"]).abs().max()) > 1000 * TOLERANCE
    assert rows[0] != rows[1]


@pytest.mark.parametrize("case", [DROPOUT, LINEAR, LENET], ids=["mlp", "linear", "lenet"])
def test_another_run_gives_the_same_bytes(case, tmp_path):
    fit = fit_of(max_epochs=3)
    first, rows = at_once(case, fit, tmp_path)
    again, more = at_once(case, fit, tmp_path)
    assert same(first, again)
    assert rows == more


class Stop(Exception):  # noqa: N818, a test's own signal
    pass


@pytest.mark.parametrize("stop_after", [2, 5, 11])
def test_a_batch_goes_on_where_it_was_stopped(tmp_path, monkeypatch, stop_after):
    monkeypatch.setenv("FOURSPLIT_SAVE_EVERY_S", "0")
    fit = fit_of(max_epochs=12, lr_scheduler=COSINE, gradient_clip_val=0.5)
    whole, rows = at_once(DROPOUT, fit, tmp_path / "whole")

    def stop(row):
        if row["epoch"] >= stop_after:
            raise Stop

    with pytest.raises(Stop):
        at_once(DROPOUT, fit, tmp_path / "parts", listeners=(stop,))
    assert sorted(p.name for p in (tmp_path / "parts" / "state").iterdir()) == [
        "state.json",
        "state.safetensors",
    ]
    seen = []
    resumed, more = at_once(
        DROPOUT, fit, tmp_path / "parts", listeners=(lambda row: seen.append(row["epoch"]),)
    )
    assert same(whole, resumed)
    assert more == rows
    assert min(seen) >= stop_after  # what was done is not done again


@pytest.mark.parametrize("settings", [{}, {"gradient_clip_val": 0.1}], ids=["plain", "clipped"])
def test_a_seed_that_diverges_leaves_the_others_as_they_are(tmp_path, settings):
    fit = fit_of(**settings)
    whole, rows = at_once(DROPOUT, fit, tmp_path)
    batch = trainings(DROPOUT, fit, tmp_path)
    with torch.no_grad():
        next(batch[1].module.net.parameters()).fill_(math.inf)
    more = seed_batch.fit_batch(batch, at_once=1000)
    others = [weights(training) for training in batch]
    assert math.isnan(more[1][-1]["dev_loss"])
    assert same([whole[0], whole[2]], [others[0], others[2]])
    assert [more[0], more[2]] == [rows[0], rows[2]]


def test_masks_of_dropout_are_those_that_each_seed_draws_alone():
    x = torch.randn(2, 33, 7)
    generators = [torch.Generator().manual_seed(seed) for seed in (8, 9)]
    layer = StackedDropout(0.3, generators)
    both = [layer(x), layer(x)]
    for number, seed in enumerate((8, 9)):
        torch.manual_seed(seed)
        for drawn in both:
            assert torch.equal(drawn[number], nn.functional.dropout(x[number], 0.3))
    assert torch.equal(layer.eval()(x), x)


class Squared(classify.Classify):
    """A task of one's own, made from ours: the rest of the class is inherited."""

    def output_loss(self, outputs, batch):
        hot = nn.functional.one_hot(batch["y"], outputs.shape[1])
        return ((outputs - hot) ** 2).mean()


def test_a_loss_of_ones_own_is_not_overruled_by_an_inherited_one(tmp_path, monkeypatch):
    monkeypatch.setattr(classify, "Classify", Squared)
    fit = fit_of()
    pair = at_once(PLAIN, fit, tmp_path), alone(PLAIN, fit, tmp_path)
    assert max(distance(*pair)) < TOLERANCE


def test_every_seed_has_its_own_listeners_and_rows(tmp_path):
    fit, seen, together = fit_of(max_epochs=3), {seed: [] for seed in SEEDS}, []
    batch = trainings(PLAIN, fit, tmp_path)
    batch = [replace(training, listeners=(seen[training.seed].append,)) for training in batch]
    rows = seed_batch.fit_batch(batch, 1000, (together.append,))
    assert [seen[seed] for seed in SEEDS] == rows
    assert [list(row) for row in zip(*rows, strict=True)] == together
