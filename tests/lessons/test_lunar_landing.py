"""The page of the landing: counts by hand, and a game that is the agent's own."""

import importlib.util

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foursplit.core.examples import DataSpec
from foursplit.core.trained_experiment import TrainedExperiment
from foursplit_courses.from_scratch.deep_q import rollout
from foursplit_courses.lessons import lunar_landing as page
from foursplit_courses.models import deep_q

has_game = pytest.mark.skipif(
    importlib.util.find_spec("gymnasium") is None, reason="no gymnasium, which has the game"
)


def brute_force(returns):
    for n in range(100, len(returns) + 1):
        if sum(returns[n - 100 : n]) / 100 >= 200:
            return n
    return None


@example(18, 82, -46, 254)  # a mean of 200, of numbers whose hundredths have no exact floats
@given(st.integers(0, 250), st.integers(0, 250), st.integers(-300, 300), st.integers(201, 400))
def test_solved_is_the_first_good_mean_of_a_hundred(n_bad, n_good, bad, good):
    returns = np.array([float(bad)] * n_bad + [float(good)] * n_good)
    assert page.episodes_until_solved(returns) == brute_force(returns.tolist())


@pytest.fixture(scope="module")
def model():
    args = deep_q.Args(environment="lander", n_episodes=3)
    model = deep_q.build(args, DataSpec(inputs=(3,)), 1)
    model.fit(np.zeros((5, 3), np.float32), np.full(5, 200.0))
    return model


@has_game
def test_a_drawn_game_is_the_one_that_the_agent_plays(model):
    level = np.array([2_000_001, 0.0, 0.0])
    game = page.play(model, level)
    assert game.total == rollout(model.agent.act, model.env, level)
    assert len(game.states) == len(game.actions) + 1
    # The place between the flags is flat, and the state's zero lies a leg's length above it: the
    # game takes means of three heights by a factor of 0.33, so that its ground is 1 % too low.
    on_pad = game.ground[np.abs(game.ground[:, 0]) <= 0.2 + 1e-9, 1]
    np.testing.assert_allclose(on_pad, -page.LEGS / page.HALF_HEIGHT, atol=0.006)
    assert len(on_pad) >= 2
    assert (np.diff(game.ground[:, 0]) > 0).all()
    # Free of engines it begins above the middle of the window, within a step's move.
    assert game.states[0, 1] == pytest.approx(1.41, abs=0.05)


@has_game
def test_agents_that_never_solve_it_are_said_not_to(model):
    model.returns = [-100.0] * 150
    args = page.Args(seeds_of_levels=(2_000_001,), published_episodes=534)
    lesson = page.run(args, TrainedExperiment(table=None, models={1: model}))
    assert lesson.numbers["agents_that_solve_it"] == 0
    assert np.isnan(lesson.numbers["episodes_until_solved_seed_1"])
    (flight,) = lesson.sections[1].figures[0].figures
    assert len(flight.x) == len(flight.engine) == len(flight.angle)
