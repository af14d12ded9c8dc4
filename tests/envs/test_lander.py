"""The lander's world is Gymnasium's game, level by level."""

import numpy as np
import pytest

from foursplit.core.errors import FoursplitError
from foursplit_courses.envs.environments import ENVS, make_env
from foursplit_courses.envs.lander import Lander, _game
from foursplit_courses.from_scratch.deep_q import Env


def walk(lander, level, n=80):
    """Fly a fixed course; give states and rewards."""
    flown = [lander.reset(np.array(level, np.float32))]
    rewards = []
    for number in range(n):
        state, reward, ended = lander.step(number % 4)
        flown.append(state)
        rewards.append(reward)
        if ended:
            break
    return np.array(flown), rewards


def test_a_level_flies_the_same_whatever_was_flown_before():
    used = Lander()
    walk(used, [3, 15.0, 1.5])
    for level in ([5, 0.0, 0.0], [5, 12.0, 1.0]):
        fresh = walk(Lander(), level)
        again = walk(used, level)
        np.testing.assert_array_equal(again[0], fresh[0])
        assert again[1] == fresh[1]


def test_wind_and_turbulence_each_move_the_lander():
    calm, windy, rough = (
        walk(Lander(), level)[0][30] for level in ([5, 0, 0], [5, 15, 0], [5, 0, 2])
    )
    assert not np.allclose(calm, windy)
    assert not np.allclose(calm, rough)


def test_it_is_gymnasiums_game_as_its_own_constructor_sets_it():
    game = _game()(enable_wind=True, wind_power=10.0, turbulence_power=1.0)
    state, _ = game.reset(seed=9)
    lander = Lander()
    np.testing.assert_array_equal(lander.reset(np.array([9, 10.0, 1.0])), state)
    for number in range(60):
        state, reward, ended, _, _ = game.step(number % 3)
        ours = lander.step(number % 3)
        np.testing.assert_array_equal(ours[0], state)
        assert ours[1:] == (reward, ended)


@pytest.mark.parametrize("name", ENVS)
def test_every_world_keeps_its_promises(name):
    made = make_env(name)
    assert isinstance(made, Env)
    state = made.reset(np.array([1.0, 0.0, 0.0]))
    for _ in range(5):
        assert state.shape == (made.n_state,)
        assert state.dtype == np.float32
        state, reward, ended = made.step(made.n_actions - 1)
        assert isinstance(reward, float)
        assert isinstance(ended, bool)


def test_an_unknown_world_is_refused_with_those_there_are():
    with pytest.raises(FoursplitError, match=r"(?s)cat.*cart.*lander"):
        make_env("cat")
