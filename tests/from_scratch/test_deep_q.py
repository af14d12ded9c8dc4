"""The agent beside a table: on a world small enough to solve exactly, both must agree."""

import numpy as np
import pytest

from foursplit_courses.from_scratch import q_network
from foursplit_courses.from_scratch.cart_pole import CartPole
from foursplit_courses.from_scratch.deep_q import (
    Agent,
    DQNConfig,
    Env,
    bellman_targets,
    rollout,
    train,
)
from foursplit_courses.from_scratch.replay_buffer import Transitions
from foursplit_courses.from_scratch.value_iteration import chain, value_iteration

REWARDS = np.array([100.0, 0, 0, 0, 0, 40]) / 100


class Rover:
    """The chain of six states as a world: states are unit vectors, rewards come on arrival."""

    n_state, n_actions, max_steps = 6, 2, 30

    def reset(self, level):
        self.position = int(level[0])
        return self.observation()

    def step(self, action):
        self.position += 1 if action else -1
        ended = self.position in (0, 5)
        return self.observation(), float(REWARDS[self.position]), ended

    def observation(self):
        return np.eye(6, dtype=np.float32)[self.position]


def agent_for(world, seed=0, **settings):
    rng = np.random.default_rng(seed)
    return Agent(world.n_state, world.n_actions, DQNConfig(**settings), rng)


def rounds(n):
    return np.array([[1 + number % 4] for number in range(n)])


def test_it_learns_the_values_of_the_table():
    # The table counts the reward of a state itself, the agent that of the state it comes to: both
    # tell the same of states between the ends, once divided by the discount.
    world = Rover()
    assert isinstance(world, Env)
    agent = agent_for(
        world,
        hidden=(32,),
        discount=0.5,
        learning_rate=3e-3,
        update_every=1,
        tau=0.02,
        buffer_size=2000,
        epsilon_decay=1.0,
        batch_size=32,
    )
    train(agent, world, rounds(600))
    learnt = q_network.q_values(agent.net, np.eye(6, dtype=np.float32))
    table = value_iteration(chain(REWARDS), 0.5) / 0.5
    np.testing.assert_allclose(learnt[1:5], table[1:5], atol=0.02)


def test_targets_by_hand():
    # One layer, values equal to the state's two numbers: the best that follows is their maximum.
    vector = np.array([1, 0, 0, 1, 0, 0], np.float32)
    net = q_network.layer_views(vector, [2, 2])
    following = np.array([[3, 5], [7, 2]], np.float32)
    steps = Transitions(
        states=following,
        actions=np.array([0, 1]),
        rewards=np.array([1, 1], np.float32),
        next_states=following,
        dones=np.array([0, 1], np.float32),
    )
    # 1 + 0.9 * 5 = 5.5; nothing follows an end.
    np.testing.assert_allclose(bellman_targets(net, steps, 0.9), [5.5, 1.0], rtol=1e-6)


def test_without_chance_the_action_of_most_value_is_taken_and_with_it_any():
    agent = agent_for(Rover())
    state = np.eye(6, dtype=np.float32)[2]
    best = int(q_network.q_values(agent.net, state).argmax())
    assert {agent.act(state) for _ in range(50)} == {best}
    assert {agent.act(state, 1.0) for _ in range(50)} == {0, 1}


def test_the_target_network_stays_until_it_follows_and_then_follows_slowly():
    agent = agent_for(Rover(), batch_size=8, update_every=1, tau=0.1)
    before = agent.target.copy()
    state = np.eye(6, dtype=np.float32)[1]
    for number in range(8):
        np.testing.assert_array_equal(agent.target, before)
        agent.observe(state, number % 2, 1.0, state, False)
    np.testing.assert_allclose(
        agent.target, before + 0.1 * (agent.weights - before), rtol=1e-5, atol=1e-7
    )
    assert not np.array_equal(agent.weights, before)


def test_the_same_dice_give_the_same_weights_and_others_others():
    runs = []
    for seed in (1, 1, 2):
        agent = agent_for(CartPole(), seed, buffer_size=500, update_every=2)
        levels = np.array([[number, 0.0, 0.0] for number in range(10)])
        runs.append((train(agent, CartPole(), levels), agent.weights.tobytes()))
    assert runs[0] == runs[1]
    assert runs[0][1] != runs[2][1]


def test_training_ends_once_the_last_hundred_are_good_enough_and_not_before():
    n_returns = []
    agent = agent_for(Rover(), buffer_size=500)
    returns = train(
        agent,
        Rover(),
        rounds(300),
        solved_return=0.0,
        on_episode_end=lambda returns: n_returns.append(len(returns)),
    )
    assert len(returns) == 100
    assert n_returns == list(range(1, 101))
    assert (
        len(train(agent_for(Rover(), buffer_size=500), Rover(), rounds(150), solved_return=9.0))
        == 150
    )


def test_an_episode_that_is_cut_off_has_not_ended():
    world = Rover()
    world.max_steps = 2
    agent = agent_for(world, buffer_size=64)
    train(agent, world, np.array([[2]]))
    n_pushed = agent.memory.n_pushed
    assert agent.memory.rows[:n_pushed, -1].tolist() == [0.0] * n_pushed


def test_a_return_is_the_sum_of_the_rewards():
    assert rollout(lambda _state: 0, Rover(), np.array([3])) == REWARDS[0]
    assert rollout(lambda _state: 1, Rover(), np.array([3])) == REWARDS[5]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("discount", 1.0),
        ("learning_rate", 0.0),
        ("tau", 0.0),
        ("buffer_size", 3),
        ("epsilon_decay", 1.1),
        ("epsilon_min", -0.1),
        ("update_every", 0),
        ("hidden", (0,)),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name}: .* must be"):
        DQNConfig(**{name: value})
