"""Tabular value iteration on a Markov decision process (MDP), and a chain MDP as an example.

Arrays: `transition_probs` (state, action, next state), `rewards` (state,) earned in a state,
`terminal` (state,) true where the episode ends. The value Q(s, a) includes the reward of s, as in
the course: R(s) + discount * (best value of the next state).
Source: Ng, MLS C3 W3; Bellman (1957); Sutton and Barto (2018), sections 3.5 and 4.4.
"""

from dataclasses import dataclass

import numpy as np

LEFT, RIGHT = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MDP:
    """A tabular Markov decision process."""

    transition_probs: np.ndarray  # (state, action, next state)
    rewards: np.ndarray  # (state,)
    terminal: np.ndarray  # (state,), true or false

    def __post_init__(self) -> None:
        n = len(self.rewards)
        if self.transition_probs.ndim != 3 or self.transition_probs.shape[::2] != (n, n):
            raise ValueError(
                f"transition_probs: {self.transition_probs.shape} must be ({n}, actions, {n})"
            )
        if self.terminal.shape != (n,):
            raise ValueError(f"terminal: {self.terminal.shape} must be ({n},)")
        if (self.transition_probs < 0).any() or not np.allclose(
            self.transition_probs.sum(axis=2), 1
        ):
            raise ValueError("transition_probs: must be 0 or more and sum to 1 over next states")


def chain(rewards: np.ndarray, misstep_prob: float = 0.0) -> MDP:
    """Build a chain of states with actions left and right; both ends are terminal.

    With probability `misstep_prob` a step goes in the other direction.
    """
    n = len(rewards)
    if n < 3:
        raise ValueError(f"rewards: {n} values; a chain needs at least 3 states")
    if not 0 <= misstep_prob <= 1:
        raise ValueError(f"misstep_prob: {misstep_prob!r} must be from 0 to 1")
    transition_probs = np.zeros((n, 2, n))
    for state in range(n):
        before, after = max(state - 1, 0), min(state + 1, n - 1)
        for action, (intended, other) in enumerate(((before, after), (after, before))):
            transition_probs[state, action, intended] += 1 - misstep_prob
            transition_probs[state, action, other] += misstep_prob
    terminal = np.isin(np.arange(n), (0, n - 1))
    return MDP(
        transition_probs=transition_probs,
        rewards=np.asarray(rewards, np.float64),
        terminal=terminal,
    )


def backup(mdp: MDP, values: np.ndarray, discount: float) -> np.ndarray:
    """Compute (state, action) values from (state,) values of the next states."""
    future = np.where(mdp.terminal[:, None], 0.0, mdp.transition_probs @ values)
    return mdp.rewards[:, None] + discount * future


def value_iteration(mdp: MDP, discount: float, tol: float = 1e-10) -> np.ndarray:
    """Compute the optimal (state, action) values by value iteration, to within `tol`.

    Each sweep reduces the error at least by the factor `discount`.
    """
    _check(discount)
    values = np.zeros(len(mdp.rewards))
    while True:
        updated = backup(mdp, values, discount).max(axis=1)
        change = float(np.abs(updated - values).max())
        values = updated
        if change * discount <= tol * (1 - discount):
            return backup(mdp, values, discount)


def greedy_policy(q: np.ndarray) -> np.ndarray:
    """Return (state,) greedy actions; of equal values the first."""
    return q.argmax(axis=1)


def policy_evaluation(mdp: MDP, actions: np.ndarray, discount: float) -> np.ndarray:
    """Compute the (state,) values of a fixed policy (state,) by solving a linear system."""
    _check(discount)
    n = len(mdp.rewards)
    transitions = np.where(mdp.terminal[:, None], 0.0, mdp.transition_probs[np.arange(n), actions])
    return np.linalg.solve(np.eye(n) - discount * transitions, mdp.rewards)


def discounted_return(rewards: np.ndarray, discount: float) -> float:
    """Compute the return of one episode: R1 + discount R2 + discount^2 R3 and so on."""
    return float(np.polyval(np.asarray(rewards, np.float64)[::-1], discount))


def _check(discount: float) -> None:
    if not 0 <= discount < 1:
        raise ValueError(f"discount: {discount!r} must be from 0 to below 1")
