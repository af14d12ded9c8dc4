"""The agent as a model: what it draws from its levels, what it stores, and what it tells."""

import numpy as np
import pytest

from foursplit.core.examples import DataSpec
from foursplit.training.progress import report_progress
from foursplit_courses.from_scratch.deep_q import DQNConfig
from foursplit_courses.models.deep_q import Args, build, short

SHAPE = DataSpec(inputs=(3,))
LEARNING = DQNConfig(buffer_size=2000, epsilon_decay=0.9)


def build_agent(seed=1, **arguments):
    arguments = {"environment": "cart", "n_episodes": 8, "learning": LEARNING, **arguments}
    return build(Args(**arguments), SHAPE, seed)


def calm_levels(n):
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


def levels_played(x, **arguments):
    model = build_agent(n_episodes=400, **arguments)
    model.env = Watched()
    model.fit(x, np.full(len(x), 9.0))
    return np.array(model.env.levels)


def test_training_plays_the_levels_given_and_no_others():
    x = calm_levels(30) + np.float32(100) * np.array([1, 0, 0], np.float32)
    played = levels_played(x)
    assert set(map(tuple, played)) == set(map(tuple, x))


def test_made_up_wind_blows_on_its_share_of_the_episodes_and_within_its_strength():
    x = calm_levels(30)
    played = levels_played(x, windy_fraction=0.5, max_wind=8.0, max_turbulence=4.0)
    windy_fraction = played[:, 1] > 0
    assert 0.4 < windy_fraction.mean() < 0.6
    assert played[windy_fraction, 1].max() <= 8
    assert played[windy_fraction, 1].max() > 7
    assert 3 < played[windy_fraction, 2].max() <= 4
    assert (played[~windy_fraction, 1:] == 0).all()
    np.testing.assert_array_equal(x, calm_levels(30))  # the data are not written to


def test_training_until_solved_ends_where_the_good_return_is_the_mean():
    model = build_agent(n_episodes=400, stop_when_solved=True)
    model.env = Watched()  # each episode's return is 1
    model.fit(calm_levels(5), np.full(5, 1.0))
    assert len(model.returns) == 100


def test_what_is_restored_plays_and_says_the_same():
    model = build_agent()
    model.fit(calm_levels(20), np.full(20, 195.0))
    other = build_agent(seed=7)
    assert not np.array_equal(other.agent.weights, model.agent.weights)
    other.restore(model.arrays())
    np.testing.assert_array_equal(other.predict(calm_levels(10)), model.predict(calm_levels(10)))
    assert other.returns == model.returns
    assert model.n_parameters == 4 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2


def test_playing_again_gives_the_same_returns_in_any_order():
    model = build_agent()
    x = calm_levels(12)
    np.testing.assert_array_equal(model.predict(x[::-1])[::-1], model.predict(x))


def test_a_short_training_differs_in_its_episodes_alone():
    args = Args(environment="cart", n_episodes=500, windy_fraction=0.3, max_wind=2.0)
    assert short(args).n_episodes < 10
    assert (short(args).windy_fraction, short(args).max_wind) == (0.3, 2.0)


def test_it_tells_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setattr("foursplit.io.status_line.INTERVAL_S", 0.0)
    model = build_agent(seed=4)
    with report_progress(model, 4):
        model.fit(calm_levels(5), np.full(5, 195.0))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 8
    assert lines[-1].startswith("  seed 4 · episode 8/8 · mean return ")
    assert lines[-1].endswith("of the last 8 · 0 s left")


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_episodes", 0), ("windy_fraction", 1.5), ("max_wind", -1.0), ("max_turbulence", -1.0)],
)
def test_a_bad_argument_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name}: {value}"):
        Args(**{"environment": "cart", "n_episodes": 8, name: value})


def test_other_inputs_than_levels_are_refused():
    with pytest.raises(ValueError, match=r"\(8,\) must be \(3,\)"):
        build(Args(environment="cart", n_episodes=8), DataSpec(inputs=(8,)), 1)
