"""The order of an epoch's batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.training.test_loops import fit_of, train

from foursplit.core.arrays import Ragged
from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.training.batches import Batches, OnDevice, Stream, epoch_batches


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 900), st.integers(1, 40), st.booleans(), st.integers(0, 3))
def test_each_example_is_in_one_batch_and_draws_repeat(n, size, by_length, seed):
    lengths = np.random.default_rng(1).integers(0, 30, n) if by_length else None
    once, again = (
        epoch_batches(n, size, np.random.default_rng(seed), lengths) for _ in range(2)
    )  # fmt: skip
    assert sorted(np.concatenate(once).tolist()) == list(range(n))
    assert len(once) == -(-n // size)
    assert max(map(len, once)) <= size
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))


def padding(batches, lengths):
    longest = sum(int(lengths[batch].max()) * len(batch) for batch in batches)
    return 1 - lengths.sum() / longest


def test_batches_of_like_length_have_little_padding_and_random_ones_have_much():
    lengths = np.random.default_rng(0).integers(1, 100, 3000)
    random = epoch_batches(3000, 32, np.random.default_rng(1))
    grouped = epoch_batches(3000, 32, np.random.default_rng(1), lengths)
    assert padding(random, lengths) > 0.4
    assert padding(grouped, lengths) < 0.05
    # And long batches are not all at one end of the epoch.
    means = np.array([lengths[batch].mean() for batch in grouped])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.3


def test_without_lengths_the_order_is_the_permutation_of_before():
    rng = generator("batches", 3, 5)
    flat = np.concatenate(epoch_batches(50, 8, generator("batches", 3, 5)))
    assert np.array_equal(flat, rng.permutation(50))


def test_streamed_and_held_batches_of_like_length_are_the_same():
    import torch

    rng = np.random.default_rng(2)
    x = Ragged.of([rng.integers(2, 9, n % 17 + 1).astype(np.int32) for n in range(200)])
    arrays = {"x": x, "y": np.arange(200)}
    how = {"size": 16, "seed": 7, "by_length": True}
    held = list(Batches(OnDevice(arrays, torch.device("cpu")), **how))
    streamed = list(Stream(arrays, **how))
    for mine, theirs in zip(held, streamed, strict=True):
        for name, values in mine.items():
            assert torch.equal(values, theirs[name]), name


@pytest.mark.parametrize("loop", ["fast", "lightning"])
def test_inputs_of_one_shape_have_no_length_to_group_by(loop, tmp_path):
    with pytest.raises(FoursplitError, match="group_by_length"):
        train(tmp_path / "state", fit_of(group_by_length=True), loop)
