"""Tabular values: a chain by hand, Bellman's equation as laws, and a slow plain version."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foursplit_courses.from_scratch.value_iteration import (
    LEFT,
    MDP,
    RIGHT,
    backup,
    chain,
    discounted_return,
    greedy_policy,
    policy_evaluation,
    value_iteration,
)

ROVER = np.array([100.0, 0, 0, 0, 0, 40])
REWARDS = arrays(np.float64, st.integers(3, 8), elements=st.floats(-100, 100))
DISCOUNTS = st.floats(0, 0.95)
MISSTEPS = st.floats(0, 1)


def test_the_six_states_by_hand():
    # gamma 1/2. Left from state 2: 0 + 100/2 = 50; right from it: through state 3, whose best is
    # 25 (left again), so 25/2 = 12.5. From state 5 (one before the 40): right 20, left 6.25.
    q = value_iteration(chain(ROVER), 0.5)
    by_hand = [[100, 100], [50, 12.5], [25, 6.25], [12.5, 10], [6.25, 20], [40, 40]]
    np.testing.assert_allclose(q, by_hand, atol=1e-9)
    assert greedy_policy(q)[1:5].tolist() == [LEFT, LEFT, LEFT, RIGHT]


def test_who_sees_far_walks_to_the_larger_reward_and_who_does_not_to_the_nearer():
    # The state beside the 40 is four steps from the 100: worth it where 100 g^4 > 40 g, above
    # g = 0.4^(1/3) = 0.7368.
    for discount, way in ((0.73, RIGHT), (0.74, LEFT)):
        assert greedy_policy(value_iteration(chain(ROVER), discount))[4] == way


def test_returns_by_hand():
    assert discounted_return(np.array([0.0, 0, 0, 100]), 0.5) == 12.5
    assert discounted_return(np.array([1.0, 2, 3]), 0.1) == pytest.approx(1.23)
    assert discounted_return(np.array([7.0, 100]), 0.0) == 7


def test_missteps_make_all_of_it_worth_less():
    sure, unsure = value_iteration(chain(ROVER), 0.5), value_iteration(chain(ROVER, 0.1), 0.5)
    assert (unsure.max(axis=1)[1:5] < sure.max(axis=1)[1:5]).all()
    np.testing.assert_array_equal(unsure[[0, 5]], sure[[0, 5]])  # nothing follows there


@given(REWARDS, MISSTEPS, DISCOUNTS)
def test_the_values_solve_bellmans_equation(rewards, misstep, discount):
    process = chain(rewards, misstep)
    q = value_iteration(process, discount)
    np.testing.assert_allclose(backup(process, q.max(axis=1), discount), q, atol=1e-8)


@given(REWARDS, MISSTEPS, DISCOUNTS)
def test_following_the_best_actions_earns_the_best_values(rewards, misstep, discount):
    # The oracle is a linear system, which no sweep has touched.
    process = chain(rewards, misstep)
    q = value_iteration(process, discount)
    np.testing.assert_allclose(
        policy_evaluation(process, greedy_policy(q), discount), q.max(axis=1), atol=1e-7
    )


@given(REWARDS, MISSTEPS, DISCOUNTS, st.integers(0, 2**8 - 1))
def test_no_other_policy_earns_more_anywhere(rewards, misstep, discount, bits):
    process = chain(rewards, misstep)
    actions = np.array([bits >> state & 1 for state in range(len(rewards))])
    best = value_iteration(process, discount).max(axis=1)
    assert (policy_evaluation(process, actions, discount) <= best + 1e-7).all()


@given(st.data(), REWARDS, MISSTEPS, DISCOUNTS)
def test_a_sweep_brings_any_two_guesses_nearer(data, rewards, misstep, discount):
    process = chain(rewards, misstep)
    guess = arrays(np.float64, len(rewards), elements=st.floats(-1e3, 1e3))
    one, two = data.draw(guess), data.draw(guess)
    apart = np.abs(
        backup(process, one, discount).max(axis=1) - backup(process, two, discount).max(axis=1)
    )
    assert apart.max() <= discount * np.abs(one - two).max() + 1e-9


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"transition_probs": np.full((3, 2, 2), 0.5)}, "transition_probs"),
        ({"transition_probs": np.full((3, 2, 3), 0.5)}, "sum to 1"),
        ({"terminal": np.zeros(2, bool)}, "terminal"),
    ],
)
def test_an_invalid_mdp_is_rejected(change, words):
    good = {
        "transition_probs": np.full((3, 2, 3), 1 / 3),
        "rewards": np.zeros(3),
        "terminal": np.zeros(3, bool),
    }
    MDP(**good)
    with pytest.raises(ValueError, match=words):
        MDP(**{**good, **change})


def test_bad_numbers_are_refused_by_name():
    with pytest.raises(ValueError, match=r"discount: 1\.0 must be from 0 to below 1"):
        value_iteration(chain(ROVER), 1.0)
    with pytest.raises(ValueError, match=r"misstep_prob: 1\.5"):
        chain(ROVER, 1.5)
    with pytest.raises(ValueError, match="at least 3"):
        chain(ROVER[:2])
