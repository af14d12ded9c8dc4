"""Batches of P classes with K examples each."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.training.test_loops import SHAPE, fit_of, train
from tests.training.test_resume import StopAt, StopError
from torch import nn
from torch.nn import functional as F

from foursplit.core.errors import FoursplitError
from foursplit.tasks.classify import Classify
from foursplit.training import initial_weights
from foursplit.training.batches import Batches, OnDevice, Stream
from foursplit.training.class_batches import ClassBatches, class_batches

ASKED = {"batch": {"n_classes": 2, "n_examples": 4}, "batch_size": 8}


def labels_of(counts, rng):
    return rng.permutation(np.repeat(np.arange(len(counts)) * 3, counts))


def most_batches(groups, n_classes):
    """Count batches by taking one group of the largest classes at a time."""
    left, n = sorted(groups), 0
    while len(left) >= n_classes and left[-n_classes] > 0:
        left = sorted(left[:-n_classes] + [count - 1 for count in left[-n_classes:]])
        n += 1
    return n


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(2, 40), min_size=2, max_size=9),
    st.integers(2, 6),
    st.integers(2, 5),
    st.integers(0, 3),
)
def test_a_batch_has_its_classes_and_no_example_comes_twice(counts, n_classes, n_examples, seed):
    labels = labels_of(counts, np.random.default_rng(1))
    order = ClassBatches(labels, n_classes, n_examples)
    once, again = (order.draw(np.random.default_rng(seed)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))
    assert len(once) == len(order) == most_batches([c // n_examples for c in counts], n_classes)
    for batch in once:
        _, found = np.unique(labels[batch], return_counts=True)
        assert found.tolist() == [n_examples] * n_classes
    flat = np.concatenate([*once, np.zeros(0, np.int64)])
    assert len(np.unique(flat)) == len(flat)


def test_every_class_and_pair_of_classes_comes_as_often_as_another():
    order = ClassBatches(np.repeat(np.arange(5), 8), 2, 4)
    rng = np.random.default_rng(0)
    pairs = np.zeros((5, 5))
    for batch in (batch for _ in range(400) for batch in order.draw(rng)):
        a, b = np.unique(order.labels[batch])
        pairs[a, b] += 1
    drawn = pairs[np.triu_indices(5, 1)]
    # Ten pairs, 2,000 batches: 200 each, with a deviation of 13.4 if drawn independently.
    assert len(order) == 5
    assert abs(drawn - 200).max() < 60


def test_random_batches_rarely_hold_two_of_a_class():
    """The naive way: of 100 classes a random batch of 32 has no two examples for most."""
    labels = np.repeat(np.arange(100), 10)
    batch = np.random.default_rng(0).permutation(len(labels))[:32]
    _, found = np.unique(labels[batch], return_counts=True)
    assert (found == 1).mean() > 0.5


def test_streamed_and_held_batches_are_the_same():
    rng = np.random.default_rng(2)
    arrays = {"x": rng.normal(size=(90, 3)).astype(np.float32), "y": np.repeat(np.arange(9), 10)}
    how = {"size": 8, "seed": 7, "by_class": ClassBatches(arrays["y"], 4, 2)}
    held = list(Batches(OnDevice(arrays, torch.device("cpu")), **how))
    streamed = list(Stream(arrays, **how))
    assert len(held) == len(streamed) == len(how["by_class"])
    for mine, theirs in zip(held, streamed, strict=True):
        for name, values in mine.items():
            assert torch.equal(values, theirs[name]), name


def test_even_a_single_batch_is_drawn():
    arrays = {"x": np.zeros((30, 1), np.float32), "y": np.repeat(np.arange(3), 10)}
    by_class = ClassBatches(arrays["y"], 3, 6)
    for batches in (
        Batches(OnDevice(arrays, torch.device("cpu")), size=18, seed=1, by_class=by_class),
        Stream(arrays, size=18, seed=1, by_class=by_class),
    ):
        (batch,) = batches
        assert batch["y"].bincount().tolist() == [6, 6, 6]


class Triplets(Classify):
    """The loss of the hardest triplet of each example (Hermans et al., 2017)."""

    def output_loss(self, outputs, batch):
        distance = torch.cdist(outputs, outputs)
        same = batch["y"][:, None] == batch["y"][None]
        farthest = distance.masked_fill(~same, 0).amax(dim=1)
        nearest = distance.masked_fill(same, 1e9).amin(dim=1)
        return F.softplus(farthest - nearest).mean()


def triplets(fit):
    net = initial_weights.build_with_seed(lambda: nn.Linear(6, 3), 1)
    return Triplets(net, fit, SHAPE)


def test_both_loops_train_triplets_to_the_same_curves(tmp_path):
    fit = fit_of(max_epochs=4, **ASKED)
    _, fast = train(tmp_path / "state", fit, "fast", module=triplets(fit))
    _, plain = train(tmp_path / "state", fit, "lightning", module=triplets(fit))
    for mine, theirs in zip(fast, plain, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)
    assert fast[-1]["train_loss"] < fast[0]["train_loss"]


def test_training_goes_on_in_the_middle_of_an_epoch(tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_SAVE_EVERY_S", "0")
    fit = fit_of(max_epochs=3, **ASKED)
    whole = triplets(fit)
    _, rows = train(tmp_path / "whole", fit, "lightning", module=whole)
    with pytest.raises(StopError):
        train(tmp_path / "state", fit, "lightning", module=triplets(fit), callbacks=(StopAt(1, 4),))
    again = triplets(fit)
    _, rows_again = train(tmp_path / "state", fit, "lightning", module=again)
    assert rows == rows_again
    assert torch.equal(whole.net.weight, again.net.weight)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([0] * 9 + [1] * 3, r"n_examples: 4, .* class 1 has 3\. Ask for at most 3"),
        ([0] * 9, "n_classes: 2, but train has 1"),
        ([0.5] * 9, "number of a class"),
        (None, "number of a class"),
    ],
)
def test_classes_that_cannot_fill_a_batch_are_named(y, said):
    arrays = {"x": np.zeros((9, 1))} | ({} if y is None else {"y": np.array(y)})
    with pytest.raises(FoursplitError, match=rf"fit\.batch.*{said}"):
        class_batches(fit_of(**ASKED), arrays)


@pytest.mark.parametrize(
    "settings",
    [{"batch_size": 16}, {"batch_size": None}, {"group_by_length": True}],
    ids=str,
)
def test_settings_that_say_otherwise_are_refused(settings):
    with pytest.raises(ValidationError, match="batch"):
        fit_of(**{**ASKED, **settings})
