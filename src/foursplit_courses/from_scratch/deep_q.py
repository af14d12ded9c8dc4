"""Deep Q-learning in NumPy: act, remember, and learn from steps drawn from memory.

Source: Mnih and others (2015), with the soft update of Lillicrap and others (2016); Ng, MLS C3 W3.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from foursplit_courses.from_scratch import q_network
from foursplit_courses.from_scratch.replay_buffer import Memory, Steps

LAST = 100  # episodes whose mean return tells whether a task is solved: the field's custom


@runtime_checkable
class World(Protocol):
    """A game of numbers: `reset` begins an episode on a level, `step` goes on."""

    n_state: int
    n_actions: int
    max_steps: int  # of an episode; one that is cut off has not ended

    def reset(self, level: np.ndarray) -> np.ndarray: ...

    def step(self, action: int) -> tuple[np.ndarray, float, bool]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an agent learns."""

    hidden: tuple[int, ...] = (64, 64)
    discount: float = 0.99  # gamma
    learning_rate: float = 1e-3
    batch_size: int = 64
    update_every: int = 4  # steps lived through to a step of learning
    soft_update: float = 1e-3  # share of the way that the target network follows; 1: no second one
    memory: int = 100_000  # steps; as many as a batch has: next to no replay
    epsilon_decay: float = 0.995  # by episode
    epsilon_min: float = 0.01

    def __post_init__(self) -> None:
        rules = {
            "hidden": (all(n >= 1 for n in self.hidden), "numbers of units, 1 or more each"),
            "discount": (0 <= self.discount < 1, "from 0 to below 1"),
            "learning_rate": (self.learning_rate > 0, "above 0"),
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "update_every": (self.update_every >= 1, "at least 1"),
            "soft_update": (0 < self.soft_update <= 1, "above 0 and at most 1"),
            "memory": (self.memory >= self.batch_size, "at least batch_size"),
            "epsilon_decay": (0 < self.epsilon_decay <= 1, "above 0 and at most 1"),
            "epsilon_min": (0 <= self.epsilon_min <= 1, "from 0 to 1"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise ValueError(f"{name}: {getattr(self, name)!r} must be {rule}")


class Agent:
    """Two networks of action values, what they learn from, and the dice of exploration."""

    def __init__(
        self, n_state: int, n_actions: int, settings: Settings, rng: np.random.Generator
    ) -> None:
        self.settings, self.rng, self.n_actions = settings, rng, n_actions
        sizes = (n_state, *settings.hidden, n_actions)
        self.vector = q_network.start(sizes, rng)
        self.target, self.gradient = self.vector.copy(), np.zeros_like(self.vector)
        self.net, self.target_net, self.gradient_net = (
            q_network.layers(v, sizes) for v in (self.vector, self.target, self.gradient)
        )
        self.adam = q_network.Adam(self.vector, settings.learning_rate)
        self.memory = Memory(settings.memory, n_state)
        self.room = np.empty_like(self.vector)

    def act(self, state: np.ndarray, epsilon: float = 0.0) -> int:
        """Take the action of most value, or with chance `epsilon` any."""
        if epsilon and self.rng.random() < epsilon:
            return int(self.rng.integers(self.n_actions))
        return int(q_network.values(self.net, state).argmax())

    def live(
        self, state: np.ndarray, action: int, reward: float, following: np.ndarray, ended: bool
    ) -> None:
        """Remember a step, and learn at every few."""
        self.memory.keep(state, action, reward, following, ended)
        given = self.settings
        if self.memory.seen % given.update_every == 0 and len(self.memory) >= given.batch_size:
            self.learn(self.memory.draw(given.batch_size, self.rng))

    def learn(self, steps: Steps) -> float:
        """Step once towards the Bellman targets of these steps; give the error before it."""
        targets = bellman_targets(self.target_net, steps, self.settings.discount)
        error = q_network.descent(self.net, steps.states, steps.actions, targets, self.gradient_net)
        self.adam.step(self.gradient)
        q_network.approach(self.target, self.vector, self.settings.soft_update, self.room)
        return error


def bellman_targets(target_net: q_network.Layers, steps: Steps, discount: float) -> np.ndarray:
    """Give (step,) what each action was worth: its reward, and the best that may follow."""
    best = q_network.values(target_net, steps.following).max(axis=1)
    return np.asarray(steps.rewards + np.float32(discount) * (1 - steps.ended) * best)


def episode(agent: Agent, world: World, level: np.ndarray, epsilon: float) -> float:
    """Play one episode and learn from it; give its return, not discounted."""
    state, total = world.reset(level), 0.0
    for _ in range(world.max_steps):
        action = agent.act(state, epsilon)
        following, reward, ended = world.step(action)
        agent.live(state, action, reward, following, ended)
        state, total = following, total + reward
        if ended:
            break
    return total


def train(
    agent: Agent,
    world: World,
    levels: Iterable[np.ndarray],
    *,
    solved: float = np.inf,
    listen: Callable[[Sequence[float]], None] = lambda _returns: None,
) -> list[float]:
    """Play an episode a level, fewer and fewer actions of it by chance; give the returns.

    Training ends early once the mean of the last 100 returns reaches `solved`; `listen` is told
    the returns so far after each episode.
    """
    epsilon, returns = 1.0, list[float]()
    for level in levels:
        returns.append(episode(agent, world, level, epsilon))
        epsilon = max(agent.settings.epsilon_min, epsilon * agent.settings.epsilon_decay)
        listen(returns)
        if len(returns) >= LAST and sum(returns[-LAST:]) / LAST >= solved:
            break
    return returns


def play(act: Callable[[np.ndarray], int], world: World, level: np.ndarray) -> float:
    """Play one episode without learning; give its return, not discounted."""
    state, total = world.reset(level), 0.0
    for _ in range(world.max_steps):
        state, reward, ended = world.step(act(state))
        total += reward
        if ended:
            break
    return total
