"""The network of action values beside PyTorch: values, derivatives, Adam, and the soft update."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from foursplit_courses.from_scratch.q_network import (
    Adam,
    count_weights,
    init_weights,
    layer_views,
    loss_and_gradient,
    q_values,
    soft_update,
)

SIZES = st.lists(st.integers(1, 9), min_size=2, max_size=5)
SEEDS = st.integers(0, 2**31)


def twin(sizes, vector):
    """Build the same network of PyTorch's modules."""
    made = []
    for w, b in layer_views(vector, sizes):
        linear = nn.Linear(*w.shape)
        linear.weight.data, linear.bias.data = torch.tensor(w.T.copy()), torch.tensor(b.copy())
        made += [linear, nn.ReLU()]
    return nn.Sequential(*made[:-1])


def batch(sizes, n, rng):
    states = rng.normal(size=(n, sizes[0])).astype(np.float32)
    targets = rng.normal(size=n).astype(np.float32)
    return states, rng.integers(0, sizes[-1], n), targets


@settings(deadline=None)
@given(SIZES, SEEDS)
def test_values_and_derivatives_are_pytorchs(sizes, seed):
    rng = np.random.default_rng(seed)
    vector = init_weights(sizes, rng)
    states, actions, targets = batch(sizes, 7, rng)
    net, twins = layer_views(vector, sizes), twin(sizes, vector)
    outputs = twins(torch.tensor(states))
    np.testing.assert_allclose(
        q_values(net, states), outputs.detach().numpy(), atol=1e-4, rtol=1e-4
    )
    taken = outputs.gather(1, torch.tensor(actions)[:, None])[:, 0]
    error = F.mse_loss(taken, torch.tensor(targets))
    error.backward()
    gradient = np.full_like(vector, np.nan)  # each number of it must be written
    filled = layer_views(gradient, sizes)
    assert loss_and_gradient(net, states, actions, targets, filled) == pytest.approx(
        error.item(), rel=1e-3
    )
    linears = [layer for layer in twins if isinstance(layer, nn.Linear)]
    for (dw, db), layer in zip(filled, linears, strict=True):
        np.testing.assert_allclose(dw.T, layer.weight.grad.numpy(), atol=1e-3, rtol=1e-3)
        np.testing.assert_allclose(db, layer.bias.grad.numpy(), atol=1e-3, rtol=1e-3)


@settings(deadline=None)
@given(SEEDS, st.floats(1e-4, 0.1))
def test_adam_walks_where_pytorchs_does(seed, learning_rate):
    rng = np.random.default_rng(seed)
    ours = rng.normal(size=20).astype(np.float32)
    theirs = torch.tensor(ours.copy(), requires_grad=True)
    mine, other = Adam(ours, learning_rate), torch.optim.Adam([theirs], lr=learning_rate)
    for _ in range(10):
        gradient = rng.normal(size=20).astype(np.float32)
        mine.step(gradient)
        theirs.grad = torch.tensor(gradient)
        other.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=20 * learning_rate * 1e-4)


@given(SEEDS, st.floats(0.01, 1), st.integers(1, 20))
def test_a_followers_distance_shrinks_by_the_share_each_time(seed, share, times):
    rng = np.random.default_rng(seed)
    follower, leader = rng.normal(size=(2, 5)).astype(np.float32)
    apart = np.abs(follower - leader)
    for _ in range(times):
        soft_update(follower, leader, share, np.empty(5, np.float32))
    np.testing.assert_allclose(
        np.abs(follower - leader), apart * (1 - share) ** times, atol=1e-5, rtol=1e-3
    )


def test_layers_are_views_of_the_vector_and_cover_it():
    vector = np.zeros(count_weights([3, 4, 2]))
    for w, b in layer_views(vector, [3, 4, 2]):
        w += 1
        b += 1
    np.testing.assert_array_equal(vector, 1)
    with pytest.raises(ValueError, match=r"\(25,\) must be \(26,\)"):
        layer_views(np.zeros(25), [3, 4, 2])
