"""The agent as a model: what it draws from its levels, what it stores, and what it tells."""

import numpy as np
import pytest

from foursplit.core.examples import DataShape
from foursplit.training.progress import following
from foursplit_courses.from_scratch.deep_q import DQNConfig
from foursplit_courses.models.deep_q import Args, build, short

SHAPE = DataShape(inputs=(3,))
LEARNING = DQNConfig(buffer_size=2000, epsilon_decay=0.9)


def made(seed=1, **given):
    given = {"environment": "cart", "episodes": 8, "learning": LEARNING, **given}
    return build(Args(**given), SHAPE, seed)


def calm(n):
    levels = np.zeros((n, 3), np.float32)
    levels[:, 0] = np.arange(n)
    return levels


class Watched:
    """A world that notes its levels and ends at once."""

    n_state, n_actions, max_steps = 4, 2, 5

    def __init__(self):
        self.levels = []

    def reset(self, level):
        self.levels.append(level.copy())
        return np.zeros(4, np.float32)

    def step(self, _action):
        return np.zeros(4, np.float32), 1.0, True


def levels_played(x, **given):
    model = made(episodes=400, **given)
    model.world = Watched()
    model.fit(x, np.full(len(x), 9.0))
    return np.array(model.world.levels)


def test_training_plays_the_levels_given_and_no_others():
    x = calm(30) + np.float32(100) * np.array([1, 0, 0], np.float32)
    played = levels_played(x)
    assert set(map(tuple, played)) == set(map(tuple, x))


def test_made_up_wind_blows_on_its_share_of_the_episodes_and_within_its_strength():
    x = calm(30)
    played = levels_played(x, windy=0.5, wind=8.0, turbulence=4.0)
    windy = played[:, 1] > 0
    assert 0.4 < windy.mean() < 0.6
    assert played[windy, 1].max() <= 8
    assert played[windy, 1].max() > 7
    assert 3 < played[windy, 2].max() <= 4
    assert (played[~windy, 1:] == 0).all()
    np.testing.assert_array_equal(x, calm(30))  # the data are not written to


def test_training_until_solved_ends_where_the_good_return_is_the_mean():
    model = made(episodes=400, until_solved=True)
    model.world = Watched()  # each episode's return is 1
    model.fit(calm(5), np.full(5, 1.0))
    assert len(model.returns) == 100


def test_what_is_restored_plays_and_says_the_same():
    model = made()
    model.fit(calm(20), np.full(20, 195.0))
    other = made(seed=7)
    assert not np.array_equal(other.agent.vector, model.agent.vector)
    other.restore(model.arrays())
    np.testing.assert_array_equal(other.predict(calm(10)), model.predict(calm(10)))
    assert other.returns == model.returns
    assert model.n_parameters == 4 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2


def test_playing_again_gives_the_same_returns_in_any_order():
    model = made()
    x = calm(12)
    np.testing.assert_array_equal(model.predict(x[::-1])[::-1], model.predict(x))


def test_a_short_training_differs_in_its_episodes_alone():
    args = Args(environment="cart", episodes=500, windy=0.3, wind=2.0)
    assert short(args).episodes < 10
    assert (short(args).windy, short(args).wind) == (0.3, 2.0)


def test_it_tells_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setattr("foursplit.training.progress.EVERY_S", 0.0)
    model = made(seed=4)
    with following(model, 4):
        model.fit(calm(5), np.full(5, 195.0))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 8
    assert lines[-1].startswith("  seed 4 · episode 8/8 · mean return ")
    assert lines[-1].endswith("of the last 8 · 0 s left")


@pytest.mark.parametrize(
    ("name", "value"), [("episodes", 0), ("windy", 1.5), ("wind", -1.0), ("turbulence", -1.0)]
)
def test_a_bad_argument_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name}: {value}"):
        Args(**{"environment": "cart", "episodes": 8, name: value})


def test_other_inputs_than_levels_are_refused():
    with pytest.raises(ValueError, match=r"\(8,\) must be \(3,\)"):
        build(Args(environment="cart", episodes=8), DataShape(inputs=(8,)), 1)
