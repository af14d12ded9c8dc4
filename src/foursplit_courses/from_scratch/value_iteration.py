"""Values of states and actions by table, from Bellman's equation; and a chain of states to try.

Arrays: `chance` (state, action, next state) are probabilities, `reward` (state,) is earned on being
in a state, `ends` (state,) says where nothing follows. The value Q(s, a) counts the reward of s
itself, as the course does: R(s) + discount * (best value that follows).
Source: Ng, MLS C3 W3; Bellman (1957); Sutton and Barto (2018), sections 3.5 and 4.4.
"""

from dataclasses import dataclass

import numpy as np

LEFT, RIGHT = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A Markov decision process of few states."""

    chance: np.ndarray  # (state, action, next state)
    reward: np.ndarray  # (state,)
    ends: np.ndarray  # (state,), true or false

    def __post_init__(self) -> None:
        n = len(self.reward)
        if self.chance.ndim != 3 or self.chance.shape[::2] != (n, n):
            raise ValueError(f"chance: {self.chance.shape} must be ({n}, actions, {n})")
        if self.ends.shape != (n,):
            raise ValueError(f"ends: {self.ends.shape} must be ({n},)")
        if (self.chance < 0).any() or not np.allclose(self.chance.sum(axis=2), 1):
            raise ValueError("chance: each state's and action's must be 0 or more and add up to 1")


def chain(rewards: np.ndarray, misstep: float = 0.0) -> Process:
    """Build states in a row, to walk left or right in; both ends are final.

    With chance `misstep` a step goes the other way.
    """
    n = len(rewards)
    if n < 3:
        raise ValueError(f"rewards: {n} of them, and a chain needs at least 3 states")
    if not 0 <= misstep <= 1:
        raise ValueError(f"misstep: {misstep!r} must be a probability from 0 to 1")
    chance = np.zeros((n, 2, n))
    for state in range(n):
        before, after = max(state - 1, 0), min(state + 1, n - 1)
        for action, (meant, other) in enumerate(((before, after), (after, before))):
            chance[state, action, meant] += 1 - misstep
            chance[state, action, other] += misstep
    ends = np.isin(np.arange(n), (0, n - 1))
    return Process(chance=chance, reward=np.asarray(rewards, np.float64), ends=ends)


def backup(process: Process, values: np.ndarray, discount: float) -> np.ndarray:
    """Give (state, action) values from the (state,) values of what follows."""
    follows = np.where(process.ends[:, None], 0.0, process.chance @ values)
    return process.reward[:, None] + discount * follows


def optimal(process: Process, discount: float, tolerance: float = 1e-10) -> np.ndarray:
    """Give the (state, action) values of acting at its best, each to `tolerance`.

    Value iteration: each sweep comes nearer by the factor `discount` at least.
    """
    _check(discount)
    values = np.zeros(len(process.reward))
    while True:
        better = backup(process, values, discount).max(axis=1)
        moved = float(np.abs(better - values).max())
        values = better
        if moved * discount <= tolerance * (1 - discount):
            return backup(process, values, discount)


def policy(q: np.ndarray) -> np.ndarray:
    """Give (state,) actions of most value, the first of equals."""
    return q.argmax(axis=1)


def followed(process: Process, actions: np.ndarray, discount: float) -> np.ndarray:
    """Give the (state,) values of always taking (state,) `actions`: a linear system solved."""
    _check(discount)
    n = len(process.reward)
    moves = np.where(process.ends[:, None], 0.0, process.chance[np.arange(n), actions])
    return np.linalg.solve(np.eye(n) - discount * moves, process.reward)


def discounted(rewards: np.ndarray, discount: float) -> float:
    """Give the return of one walk: R1 + discount R2 + discount^2 R3 and so on."""
    return float(np.polyval(np.asarray(rewards, np.float64)[::-1], discount))


def _check(discount: float) -> None:
    if not 0 <= discount < 1:
        raise ValueError(f"discount: {discount!r} must be from 0 to below 1")
