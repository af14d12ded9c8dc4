"""The cart and its pole beside Gymnasium's, and what our wind does to it."""

import numpy as np
import pytest
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit_courses.from_scratch.cart_pole import (
    FORCE,
    STATE_SCALE,
    CartPole,
    euler_step,
    wind_force,
)

NUMBERS = st.tuples(*[st.floats(-1, 1)] * 4)


@settings(deadline=None)
@given(NUMBERS, st.lists(st.booleans(), min_size=1, max_size=30))
def test_a_calm_cart_moves_as_gymnasiums(start, actions):
    game = CartPoleEnv()
    game.reset(seed=0)
    game.state = np.array(start) / 10
    state = tuple(game.state.tolist())
    for action in actions:
        _, _, ended, _, _ = game.step(int(action))
        state = euler_step(state, FORCE if action else -FORCE)
        np.testing.assert_allclose(state, game.state, rtol=1e-9, atol=1e-12)
        if ended:
            break


@given(NUMBERS, st.floats(-9, 9), st.booleans())
def test_wind_is_one_more_force_on_the_cart(start, wind, right):
    game = CartPoleEnv()
    game.reset(seed=0)
    game.state = np.array(start) / 10
    game.force_mag = FORCE + wind if right else FORCE - wind  # the same push, seen from its side
    calm = tuple(game.state.tolist())
    game.step(int(right))
    np.testing.assert_allclose(
        euler_step(calm, wind + (FORCE if right else -FORCE)), game.state, rtol=1e-9, atol=1e-12
    )


@given(st.integers(0, 20_000), st.floats(0, 10), st.floats(0, 10))
def test_gusts_stay_within_their_strength(tick, wind, turbulence):
    assert abs(wind_force(tick, wind, turbulence) - wind) <= turbulence


def test_a_level_is_the_same_each_time_and_another_seed_another_level():
    world = CartPole()
    walks = []
    for seed in (7, 7, 8):
        state, walk = world.reset(np.array([seed, 5.0, 2.0], np.float32)), []
        for number in range(20):
            walk.append(state)
            state, _, _ = world.step(number % 2)
        walks.append(np.array(walk))
    np.testing.assert_array_equal(walks[0], walks[1])
    assert not np.allclose(walks[0], walks[2])


def test_wind_comes_from_either_side():
    world, sides = CartPole(), set()
    for seed in range(20):
        world.reset(np.array([seed, 5.0, 0.0]))
        sides.add(np.sign(world.wind))
    assert sides == {-1.0, 1.0}


def test_an_episode_ends_where_gymnasiums_does():
    world, game = CartPole(), CartPoleEnv()
    for seed in range(30):
        world.reset(np.array([seed, 0.0, 0.0]))
        game.reset(seed=0)
        game.state = np.array(world.state)
        for action in np.random.default_rng(seed).integers(0, 2, 200):
            state, reward, ended = world.step(int(action))
            _, their_reward, their_end, _, _ = game.step(int(action))
            assert (reward, ended) == (their_reward, their_end)
            assert state == pytest.approx(game.state / STATE_SCALE, rel=1e-5, abs=1e-6)
            if ended:
                break
        assert ended, "actions by chance hold no pole up for 200 ticks"
