"""Matrix factorisation against torch, differences, plain loops and cases worked by hand."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit_courses.from_scratch.factorization import (
    L2,
    Factors,
    Ratings,
    als_step,
    cost,
    fold_in,
    gradient,
    gradient_step,
    init_factors,
    predict,
)

LEARNT = ("users", "items", "user_bias", "item_bias")
SEEDS = st.integers(0, 2**32)


def drawn(seed, n=40, n_users=7, n_items=9, rank=3):
    """Draw ratings, some pairs twice and some users perhaps never, and where to look at them."""
    rng = np.random.default_rng(seed)
    ratings = Ratings(
        user=rng.integers(0, n_users, n),
        item=rng.integers(0, n_items, n),
        value=rng.integers(1, 11, n) / 2,
        n_users=n_users,
        n_items=n_items,
    )
    factors = init_factors(ratings, rank, rng)
    biased = {
        "user_bias": rng.normal(size=n_users),
        "item_bias": rng.normal(size=n_items),
    }
    return ratings, replace(factors, **biased)


def test_the_cost_of_a_tiny_case_is_that_worked_by_hand():
    # User 0 gave item 0 a 5, user 1 gave item 1 a 1; the mean is 3.
    # Predictions: 3 + 0.5 + 0 + 1 * 2 = 5.5 and 3 + 0 - 1 + 3 * 0 = 2: errors 0.5 and 1.
    # Half of 0.25 + 1, then half of 2 * (1 + 9 + 4) and of 4 * (0.25 + 1): 0.625 + 14 + 2.5.
    ratings = Ratings(
        user=np.array([0, 1]),
        item=np.array([0, 1]),
        value=np.array([5.0, 1.0]),
        n_users=2,
        n_items=2,
    )
    factors = Factors(
        users=np.array([[1.0], [3.0]]),
        items=np.array([[2.0], [0.0]]),
        user_bias=np.array([0.5, 0.0]),
        item_bias=np.array([0.0, -1.0]),
        mean=3.0,
    )
    assert cost(factors, ratings, L2(features=0, biases=0)) == 0.625
    assert cost(factors, ratings, L2(features=2, biases=4)) == 17.125
    # By users' features: error times the item's feature, plus 2 times the user's own.
    slope = gradient(factors, ratings, L2(features=2, biases=4))
    assert slope.users.tolist() == [[0.5 * 2 + 2 * 1], [1 * 0 + 2 * 3]]
    assert slope.item_bias.tolist() == [0.5, 1 + 4 * -1]


@given(SEEDS)
def test_the_gradient_is_that_of_torch(seed):
    ratings, factors = drawn(seed)
    penalty = L2(features=0.7, biases=0.3)
    parts = {name: torch.tensor(getattr(factors, name), requires_grad=True) for name in LEARNT}
    user, item = torch.from_numpy(ratings.user), torch.from_numpy(ratings.item)
    guess = (parts["users"][user] * parts["items"][item]).sum(1) + factors.mean
    guess = guess + parts["user_bias"][user] + parts["item_bias"][item]
    whole = ((guess - torch.from_numpy(ratings.value)) ** 2).sum()
    whole = whole + 0.7 * ((parts["users"] ** 2).sum() + (parts["items"] ** 2).sum())
    whole = whole + 0.3 * ((parts["user_bias"] ** 2).sum() + (parts["item_bias"] ** 2).sum())
    (whole / 2).backward()
    assert cost(factors, ratings, penalty) == pytest.approx(float(whole.detach()) / 2, rel=1e-12)
    slope = gradient(factors, ratings, penalty)
    for name, part in parts.items():
        np.testing.assert_allclose(getattr(slope, name), part.grad.numpy(), atol=1e-10)


def test_the_gradient_is_that_of_central_differences():
    ratings, factors = drawn(3)
    penalty, width = L2(features=0.7, biases=0.3), 1e-5
    slope = gradient(factors, ratings, penalty)
    for name in LEARNT:
        for place in np.ndindex(getattr(factors, name).shape):
            step = np.zeros_like(getattr(factors, name))
            step[place] = width
            above, below = (
                cost(replace(factors, **{name: getattr(factors, name) + way}), ratings, penalty)
                for way in (step, -step)
            )
            near = (above - below) / (2 * width)
            assert getattr(slope, name)[place] == pytest.approx(near, abs=1e-6)


def test_no_sum_is_lost_where_a_user_rates_twice():
    # The naive way fails here: `users[user] += …` keeps one of a user's ratings.
    ratings, factors = drawn(5)
    slope = gradient(factors, ratings, L2(features=0, biases=0))
    error = predict(factors, ratings.user, ratings.item) - ratings.value
    naive = np.zeros_like(factors.users)
    naive[ratings.user] += error[:, None] * factors.items[ratings.item]
    assert not np.allclose(naive, slope.users)


@given(SEEDS, st.floats(0.01, 10), st.floats(0.01, 10))
def test_alternating_never_raises_the_cost_and_ends_where_a_side_is_flat(seed, features, biases):
    ratings, factors = drawn(seed)
    penalty = L2(features=features, biases=biases)
    costs = [cost(factors, ratings, penalty)]
    for _ in range(6):
        factors = als_step(factors, ratings, penalty)
        costs.append(cost(factors, ratings, penalty))
    assert (np.diff(costs) <= 1e-9 * costs[0]).all()
    slope = gradient(factors, ratings, penalty)  # the items were solved last
    np.testing.assert_allclose(slope.items, 0, atol=1e-8 * costs[0])
    np.testing.assert_allclose(slope.item_bias, 0, atol=1e-8 * costs[0])


@given(SEEDS, st.integers(0, 12))
@settings(max_examples=30)
def test_every_user_is_solved_as_by_the_normal_equation(seed, rank):
    # Ranks above and below the number of ratings: both ways of `_ridge`.
    ratings, factors = drawn(seed, rank=rank)
    penalty = L2(features=0.5, biases=2.0)
    result = als_step(factors, ratings, penalty)
    # Items are left as the users found them, so solving users again by hand is one half step.
    again = als_step(result, ratings, penalty)
    for user in range(ratings.n_users):
        mine = ratings.user == user
        z = np.c_[result.items[ratings.item[mine]], np.ones(mine.sum())]
        r = ratings.value[mine] - result.mean - result.item_bias[ratings.item[mine]]
        weights = np.linalg.solve(z.T @ z + np.diag([0.5] * rank + [2.0]), z.T @ r)
        np.testing.assert_allclose(again.users[user], weights[:-1], atol=1e-8)
        assert again.user_bias[user] == pytest.approx(weights[-1], abs=1e-8)


def test_a_table_of_rank_one_is_found_again_from_half_of_it(rng):
    users, items = rng.normal(size=30), rng.normal(size=40)
    table = np.outer(users, items)
    user, item = np.nonzero(rng.random(table.shape) < 0.5)
    ratings = Ratings(user=user, item=item, value=table[user, item], n_users=30, n_items=40)
    factors = init_factors(ratings, 1, rng)
    for _ in range(200):
        factors = als_step(factors, ratings, L2(features=1e-6, biases=1e-6))
    every = np.indices(table.shape).reshape(2, -1)
    np.testing.assert_allclose(predict(factors, *every), table.ravel(), atol=1e-3)


def test_gradient_descent_and_alternating_meet(rng):
    ratings, factors = drawn(7, n=60, rank=1)
    penalty = L2(features=4.0, biases=1.0)
    stepped, solved = factors, factors
    for _ in range(4000):
        stepped = gradient_step(stepped, gradient(stepped, ratings, penalty), 0.02)
    for _ in range(300):
        solved = als_step(solved, ratings, penalty)
    assert cost(stepped, ratings, penalty) == pytest.approx(cost(solved, ratings, penalty), 1e-6)


def test_who_rated_nothing_is_answered_by_the_film_alone():
    ratings = Ratings(
        user=np.array([0, 0, 1]),
        item=np.array([0, 1, 0]),
        value=np.array([5.0, 3.0, 4.0]),
        n_users=3,
        n_items=3,
    )
    rng = np.random.default_rng(1)
    factors = als_step(init_factors(ratings, 2, rng), ratings, L2(features=0.1, biases=0.1))
    assert predict(factors, np.array([2]), np.array([0])) == factors.mean + factors.item_bias[0]
    assert predict(factors, np.array([2]), np.array([2])) == factors.mean


@given(SEEDS)
def test_a_user_folded_in_is_the_user_that_was_solved(seed):
    ratings, factors = drawn(seed)
    penalty = L2(features=0.5, biases=0.5)
    result = als_step(factors, ratings, penalty)
    # The users of `again` are solved with the items of `found`.
    again = als_step(result, ratings, penalty)
    mine = ratings.user == ratings.user[0]
    alone = fold_in(result, ratings.item[mine], ratings.value[mine], penalty)
    np.testing.assert_allclose(alone.users[0], again.users[ratings.user[0]], atol=1e-9)
    assert alone.user_bias[0] == pytest.approx(again.user_bias[ratings.user[0]], abs=1e-9)


@given(SEEDS)
def test_swapping_sides_twice_changes_nothing(seed):
    _, factors = drawn(seed)
    for field in fields(factors):
        both = getattr(factors.transpose().transpose(), field.name), getattr(factors, field.name)
        np.testing.assert_array_equal(*both)


def test_what_is_wrong_is_named():
    numbers = np.array([0, 3])
    with pytest.raises(ValueError, match="item: 3 must be from 0 to 2"):
        Ratings(user=numbers * 0, item=numbers, value=numbers * 1.0, n_users=1, n_items=3)
    with pytest.raises(ValueError, match="user: 1 ids for 2 ratings"):
        Ratings(user=numbers[:1], item=numbers, value=numbers * 1.0, n_users=1, n_items=4)
    with pytest.raises(ValueError, match=r"l2\.features: -1"):
        L2(features=-1, biases=0)
    ratings, factors = drawn(1)
    with pytest.raises(ValueError, match="must be above 0"):
        als_step(factors, ratings, L2(features=1, biases=0))
