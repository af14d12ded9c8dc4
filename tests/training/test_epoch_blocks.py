"""Epochs between two validations are trained in one call, and nothing else changes by that."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.training.arrays import random_arrays

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.core.seeds import generator
from foursplit.models import mlp
from foursplit.tasks import classify
from foursplit.training import initial_weights, network
from foursplit.training.checkpoint import seed_epoch
from foursplit.training.epoch_blocks import MAX_POINTS, EpochBlocks
from foursplit.training.input_statistics import fit_input_statistics

SHAPE = DataSpec(inputs=(6,), classes=("a", "b", "c"))


@given(st.integers(1, 5000))
def test_blocks_hold_every_epoch_once_and_in_order(max_epochs):
    blocks = EpochBlocks.of(max_epochs)
    assert [e for b in range(len(blocks)) for e in blocks.epochs(b)] == list(range(max_epochs))


@given(st.integers(1, 5000))
def test_validations_are_evenly_spaced_and_few(max_epochs):
    blocks = EpochBlocks.of(max_epochs)
    validated = [blocks.ends[b] for b in range(len(blocks)) if blocks.is_validated(b)]
    interval = max(1, max_epochs // MAX_POINTS)
    assert validated == list(range(interval, max_epochs + 1, interval))
    assert len(validated) <= 2 * MAX_POINTS


@pytest.mark.parametrize("max_epochs", [7, 130, 131])
def test_weights_and_losses_are_those_of_a_loop_by_hand(max_epochs, tmp_path):
    """131 epochs are validated every second one: the last is trained without a validation."""
    fit = TrainerConfig(seeds=(1,), learning_rate=0.01, max_epochs=max_epochs, batch_size=16)
    args, rng = mlp.Args(hidden=(16,), dropout=0.3), generator("pairs", 4)
    train, train_dev, dev = (random_arrays(classify, SHAPE, n, rng) for n in (40, 30, 30))
    x, y = (torch.from_numpy(train[name]) for name in ("x", "y"))

    net = initial_weights.build_with_seed(lambda: mlp.build(args, SHAPE), 1)
    fit_input_statistics(net, [x])
    optimizer = torch.optim.Adam(net.parameters(), lr=fit.learning_rate, fused=True)
    losses = {}
    for epoch in range(max_epochs):
        seed_epoch(1, epoch)
        order = torch.from_numpy(generator("batches", 1, epoch).permutation(40))
        total = 0.0
        for chosen in order.split(16):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(x[chosen]), y[chosen])
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(chosen)
        losses[epoch + 1] = total / 40

    trained = initial_weights.build_with_seed(lambda: mlp.build(args, SHAPE), 1)
    module = classify.module(trained, fit, SHAPE)
    validation = {"train_dev": train_dev, "dev": dev}
    rows = network.fit(
        network.Training(
            module=module, train=train, validation=validation, fit=fit, seed=1, kind="cpu",
            state=tmp_path / "state",
        )
    )  # fmt: skip
    for name, weights in net.state_dict().items():
        assert torch.equal(weights, trained.state_dict()[name]), name
    for row in rows:
        assert row["train_loss"] == pytest.approx(losses[int(row["epoch"])], rel=1e-6)
    assert [row["epoch"] for row in rows[:2]] == [1, 2]
    assert len(rows) == (7 if max_epochs == 7 else 66)
