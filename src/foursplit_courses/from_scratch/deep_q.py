"""Deep Q-learning (DQN) in NumPy, with a replay buffer and a target network.

Source: Mnih and others (2015), with the soft update of Lillicrap and others (2016); Ng, MLS C3 W3.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from foursplit_courses.from_scratch import q_network
from foursplit_courses.from_scratch.replay_buffer import ReplayBuffer, Transitions

SOLVED_WINDOW = 100  # a task counts as solved by the mean return of this many episodes, as in Gym


@runtime_checkable
class Env(Protocol):
    """An environment: `reset` starts an episode on a level, `step` takes an action."""

    n_state: int
    n_actions: int
    max_steps: int  # per episode; a truncated episode is not done

    def reset(self, level: np.ndarray) -> np.ndarray: ...

    def step(self, action: int) -> tuple[np.ndarray, float, bool]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DQNConfig:
    """Hyperparameters of deep Q-learning."""

    hidden: tuple[int, ...] = (64, 64)
    discount: float = 0.99  # gamma
    learning_rate: float = 1e-3
    batch_size: int = 64
    update_every: int = 4  # environment steps per gradient step
    tau: float = 1e-3  # soft update of the target network; 1: a copy at each update
    buffer_size: int = 100_000  # transitions; as small as a batch: almost no replay
    epsilon_decay: float = 0.995  # factor per episode
    epsilon_min: float = 0.01

    def __post_init__(self) -> None:
        rules = {
            "hidden": (all(n >= 1 for n in self.hidden), "numbers of units, 1 or more each"),
            "discount": (0 <= self.discount < 1, "from 0 to below 1"),
            "learning_rate": (self.learning_rate > 0, "above 0"),
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "update_every": (self.update_every >= 1, "at least 1"),
            "tau": (0 < self.tau <= 1, "above 0 and at most 1"),
            "buffer_size": (self.buffer_size >= self.batch_size, "at least batch_size"),
            "epsilon_decay": (0 < self.epsilon_decay <= 1, "above 0 and at most 1"),
            "epsilon_min": (0 <= self.epsilon_min <= 1, "from 0 to 1"),
        }
        for name, (is_valid, rule) in rules.items():
            if not is_valid:
                raise ValueError(f"{name}: {getattr(self, name)!r} must be {rule}")


class Agent:
    """An epsilon-greedy agent with a Q-network, a target network and a replay buffer."""

    def __init__(
        self, n_state: int, n_actions: int, config: DQNConfig, rng: np.random.Generator
    ) -> None:
        self.config, self.rng, self.n_actions = config, rng, n_actions
        sizes = (n_state, *config.hidden, n_actions)
        self.weights = q_network.init_weights(sizes, rng)
        self.target, self.gradient = self.weights.copy(), np.zeros_like(self.weights)
        self.net, self.target_net, self.gradient_net = (
            q_network.layer_views(v, sizes) for v in (self.weights, self.target, self.gradient)
        )
        self.adam = q_network.Adam(self.weights, config.learning_rate)
        self.memory = ReplayBuffer(config.buffer_size, n_state)
        self.workspace = np.empty_like(self.weights)

    def act(self, state: np.ndarray, epsilon: float = 0.0) -> int:
        """Return the greedy action, or with probability `epsilon` a random one."""
        if epsilon and self.rng.random() < epsilon:
            return int(self.rng.integers(self.n_actions))
        return int(q_network.q_values(self.net, state).argmax())

    def observe(
        self, state: np.ndarray, action: int, reward: float, next_state: np.ndarray, done: bool
    ) -> None:
        """Store a transition, and learn every `update_every` steps."""
        self.memory.push(state, action, reward, next_state, done)
        config = self.config
        is_due = self.memory.n_pushed % config.update_every == 0
        if is_due and len(self.memory) >= config.batch_size:
            self.learn(self.memory.sample(config.batch_size, self.rng))

    def learn(self, batch: Transitions) -> float:
        """Take a gradient step towards the Bellman targets; return the loss before it."""
        targets = bellman_targets(self.target_net, batch, self.config.discount)
        error = q_network.loss_and_gradient(
            self.net, batch.states, batch.actions, targets, self.gradient_net
        )
        self.adam.step(self.gradient)
        q_network.soft_update(self.target, self.weights, self.config.tau, self.workspace)
        return error


def bellman_targets(
    target_net: q_network.Layers, batch: Transitions, discount: float
) -> np.ndarray:
    """Compute (step,) targets: reward + discount * best value of the next state."""
    best = q_network.q_values(target_net, batch.next_states).max(axis=1)
    return np.asarray(batch.rewards + np.float32(discount) * (1 - batch.dones) * best)


def run_episode(agent: Agent, env: Env, level: np.ndarray, epsilon: float) -> float:
    """Run one episode with learning; return its undiscounted return."""
    state, total = env.reset(level), 0.0
    for _ in range(env.max_steps):
        action = agent.act(state, epsilon)
        next_state, reward, done = env.step(action)
        agent.observe(state, action, reward, next_state, done)
        state, total = next_state, total + reward
        if done:
            break
    return total


def train(
    agent: Agent,
    env: Env,
    levels: Iterable[np.ndarray],
    *,
    solved_return: float = np.inf,
    on_episode_end: Callable[[Sequence[float]], None] = lambda _returns: None,
) -> list[float]:
    """Run one episode per level with decaying exploration; return the returns.

    Training stops early once the mean of the last 100 returns reaches `solved_return`;
    `on_episode_end` is called with the returns so far.
    """
    epsilon, returns = 1.0, list[float]()
    for level in levels:
        returns.append(run_episode(agent, env, level, epsilon))
        epsilon = max(agent.config.epsilon_min, epsilon * agent.config.epsilon_decay)
        on_episode_end(returns)
        latest = returns[-SOLVED_WINDOW:]
        if len(latest) == SOLVED_WINDOW and sum(latest) / SOLVED_WINDOW >= solved_return:
            break
    return returns


def rollout(act: Callable[[np.ndarray], int], env: Env, level: np.ndarray) -> float:
    """Run one episode without learning; return its undiscounted return."""
    state, total = env.reset(level), 0.0
    for _ in range(env.max_steps):
        state, reward, done = env.step(act(state))
        total += reward
        if done:
            break
    return total
