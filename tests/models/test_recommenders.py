"""Recommenders against scikit-learn, products written out, and what they say of strangers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from foursplit.core.examples import DataSpec
from foursplit.layers.seen_ids import MAX_ID, SeenIds
from foursplit.layers.standardize import adapting_inputs
from foursplit.training import initial_weights
from foursplit.training.input_statistics import fit_input_statistics
from foursplit_courses.from_scratch.factorization import Factors, predict
from foursplit_courses.models import als_matrix_factorization, matrix_factorization, two_towers

SHAPE = DataSpec(inputs=(5,))


def rated(rng, n=60, n_users=6, n_items=8):
    """Draw rows whose first two inputs are numbers, the third to fifth anything, and ratings."""
    x = rng.normal(size=(n, 5)).astype(np.float32)
    x[:, 0], x[:, 1] = rng.integers(0, n_users, n), rng.integers(0, n_items, n)
    return x, rng.integers(1, 11, n) / 2


def factorising(x, n_users=9, n_items=9):
    """Give a network with drawn biases that has seen the numbers of `x`."""
    args = matrix_factorization.Args(n_users=n_users, n_items=n_items, rank=3)
    net = initial_weights.build_with_seed(lambda: matrix_factorization.build(args, SHAPE), 1)
    for side in (net.users, net.items):
        torch.nn.init.normal_(side.bias.weight)
    fit_input_statistics(net, [torch.from_numpy(x)])
    return net.eval()


def answers(net, x):
    with torch.no_grad():
        return net(torch.from_numpy(x.astype(np.float32))).numpy()[:, 0]


def test_the_network_says_what_first_principles_say(rng):
    x, _ = rated(rng)
    net = factorising(x)
    parameters = {name: p.detach().double().numpy() for name, p in net.named_parameters()}
    factors = Factors(
        users=parameters["users.features.weight"],
        items=parameters["items.features.weight"],
        user_bias=parameters["users.bias.weight"][:, 0],
        item_bias=parameters["items.bias.weight"][:, 0],
        mean=0.0,
    )
    user, item = x[:, 0].astype(int), x[:, 1].astype(int)
    np.testing.assert_allclose(answers(net, x), predict(factors, user, item), rtol=1e-5, atol=1e-6)


def test_a_stranger_leaves_the_other_sides_bias_and_two_leave_the_mean(rng):
    x, _ = rated(rng)
    net = factorising(x)
    seen_user, seen_item = x[0, 0], x[0, 1]
    pairs = np.zeros((4, 5))
    # User 8 is within the table and was never seen; 99 is outside of it, and so is -1.
    pairs[:, :2] = [[8, seen_item], [seen_user, 99], [99, 8], [-1, seen_item]]
    result = answers(net, pairs)
    item_bias = net.items.bias.weight[int(seen_item), 0].item()
    user_bias = net.users.bias.weight[int(seen_user), 0].item()
    assert result == pytest.approx([item_bias, user_bias, 0.0, item_bias])
    # The naive way fails here: a row that was never trained says what it began with.
    naive = net.users.bias.weight[8, 0] + net.items.bias.weight[int(seen_item), 0]
    assert result[0] != pytest.approx(naive.item())


def test_a_strangers_row_is_not_trained_and_no_other_input_counts(rng):
    x, _ = rated(rng)
    net = factorising(x)
    moved = x.copy()
    moved[:, 2:] += 100
    assert answers(net, moved).tolist() == answers(net, x).tolist()
    stranger = x[:1].copy()
    stranger[0, 0] = 8
    net(torch.from_numpy(stranger)).sum().backward()
    assert not net.users.features.weight.grad.any()
    assert net.items.bias.weight.grad[int(stranger[0, 1])] == 1


def test_what_was_seen_is_stored_with_the_weights(rng):
    x, _ = rated(rng)
    net, fresh = factorising(x), factorising(x[:0].reshape(0, 5))
    fresh.load_state_dict(net.state_dict())
    strange = np.array([[8, 1, 0, 0, 0], [1, 8, 0, 0, 0]])
    assert answers(fresh, strange).tolist() == answers(net, strange).tolist()


def test_numbers_are_exact_up_to_those_that_single_precision_holds():
    layer = SeenIds(MAX_ID)
    last = torch.tensor([MAX_ID - 1, MAX_ID - 2], dtype=torch.float32)
    with adapting_inputs([layer]):
        layer(last[:1])
    rows, known = layer(last)
    assert rows.tolist() == [MAX_ID - 1, MAX_ID - 2]
    assert known[:, 0].tolist() == [1, 0]
    # The naive way fails here: one number farther, two users are one.
    assert np.float32(MAX_ID) == np.float32(MAX_ID + 1)
    with pytest.raises(ValueError, match=f"n_items: {MAX_ID + 1} must be from 1 to {MAX_ID}"):
        matrix_factorization.Args(n_users=1, n_items=MAX_ID + 1)


def test_biases_alone_are_the_ridge_regression_on_who_and_what(rng):
    x, y = rated(rng)
    args = als_matrix_factorization.Args(rank=0, l2_bias=3.0, n_iter=300)
    model = als_matrix_factorization.build(args, SHAPE, 1).fit(x, y)
    one_hot = np.c_[np.eye(6)[x[:, 0].astype(int)], np.eye(8)[x[:, 1].astype(int)]]
    ridge = Ridge(alpha=3.0, fit_intercept=False).fit(one_hot, y - y.mean())
    np.testing.assert_allclose(model.predict(x), ridge.predict(one_hot) + y.mean(), atol=1e-8)


def test_a_stranger_to_the_solved_model_is_answered_by_what_is_left(rng):
    x, y = rated(rng)
    model = als_matrix_factorization.build(als_matrix_factorization.Args(rank=2), SHAPE, 1).fit(
        x, y
    )
    result = model.predict(np.array([[99.0, 1], [1, 99], [99, 99], [-1, 1]]))
    bias = model.factors.user_bias[1], model.factors.item_bias[1]
    mean = y.mean()
    assert result == pytest.approx([mean + bias[1], mean + bias[0], mean, mean + bias[1]])


def test_a_row_by_nobody_teaches_nothing(rng):
    x, y = rated(rng)
    more = np.r_[x, [[-1, 2, 0, 0, 0]]]
    fit = als_matrix_factorization.build(als_matrix_factorization.Args(rank=2), SHAPE, 1).fit
    assert fit(more, np.r_[y, 0.5]).predict(x).tolist() == fit(x, y).predict(x).tolist()
    with pytest.raises(ValueError, match="no row has both"):
        fit(more[-1:], y[:1])


def towers(hidden=(6,), embedding_dim=4):
    args = two_towers.Args(n_user_inputs=1, hidden=hidden, embedding_dim=embedding_dim)
    net = initial_weights.build_with_seed(lambda: two_towers.build(args, SHAPE), 3)
    torch.nn.init.constant_(net.stretch, 2.5)
    torch.nn.init.constant_(net.shift, 0.5)
    return net


@given(st.integers(0, 2**32))
def test_towers_meet_in_the_cosine_of_their_vectors(seed):
    x, _ = rated(np.random.default_rng(seed))
    net = towers()
    fit_input_statistics(net, [torch.from_numpy(x)])
    result = answers(net.eval(), x)
    with torch.no_grad():
        user = net.user_tower(torch.from_numpy(x[:, 2:3])).double().numpy()
        item = net.item_tower(torch.from_numpy(x[:, 3:])).double().numpy()
    for row in range(len(x)):
        lengths = np.linalg.norm(user[row]) * np.linalg.norm(item[row])
        slow = 2.5 * (user[row] @ item[row]) / lengths + 0.5
        assert result[row] == pytest.approx(slow, abs=1e-4)
    assert (np.abs(result - 0.5) <= 2.5 + 1e-5).all()


def test_numbers_are_neither_scaled_nor_seen_by_the_towers(rng):
    x, _ = rated(rng)
    net = towers()
    fit_input_statistics(net, [torch.from_numpy(x)])
    other = x.copy()
    other[:, :2] = rng.integers(0, 1000, (len(x), 2))
    assert answers(net.eval(), other).tolist() == answers(net, x).tolist()
    np.testing.assert_allclose(net.user_tower[0].mean[0].item(), x[:, 2].mean(), atol=1e-6)
    np.testing.assert_allclose(net.item_tower[0].mean.numpy(), x[:, 3:].mean(axis=0), atol=1e-6)


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match="n_user_inputs: 3 leaves 0 of 5 inputs for the film"):
        two_towers.build(two_towers.Args(n_user_inputs=3), SHAPE)
    with pytest.raises(ValueError, match="rank: 0 must be at least 1"):
        matrix_factorization.Args(n_users=1, n_items=1, rank=0)
    with pytest.raises(ValueError, match="inputs: 1 must be at least 2"):
        matrix_factorization.build(
            matrix_factorization.Args(n_users=1, n_items=1), DataSpec(inputs=(1,))
        )
    with pytest.raises(ValueError, match=r"l2: 0\.0 must be above 0"):
        als_matrix_factorization.Args(l2=0.0)
