"""Replay buffer: the newest transitions of an agent, stored in one array for random sampling.

Source: Lin (1992); Mnih and others (2015); Ng, MLS C3 W3 (experience replay).
"""

from typing import NamedTuple

import numpy as np


class Transitions(NamedTuple):
    """A batch of transitions; `dones` is 1 where the episode ended."""

    states: np.ndarray  # (step, n_state)
    actions: np.ndarray  # (step,), action ids
    rewards: np.ndarray  # (step,)
    next_states: np.ndarray  # (step, n_state)
    dones: np.ndarray  # (step,), 0 or 1


class ReplayBuffer:
    """Store the newest `capacity` transitions; a full buffer overwrites its oldest."""

    def __init__(self, capacity: int, n_state: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity: {capacity} must be at least 1")
        # One array needs one lookup; five lookups cost more than a small network's arithmetic.
        self.rows = np.zeros((capacity, 2 * n_state + 3), np.float32)
        self.n_state, self.n_pushed = n_state, 0

    def __len__(self) -> int:
        return min(self.n_pushed, len(self.rows))

    def push(
        self, state: np.ndarray, action: int, reward: float, next_state: np.ndarray, done: bool
    ) -> None:
        """Add a transition."""
        row, n = self.rows[self.n_pushed % len(self.rows)], self.n_state
        row[:n] = state
        row[n : 2 * n] = next_state
        row[2 * n :] = action, reward, done
        self.n_pushed += 1

    def sample(self, n: int, rng: np.random.Generator) -> Transitions:
        """Draw `n` stored transitions with replacement."""
        if not self.n_pushed:
            raise ValueError("the replay buffer is empty: push a transition first")
        return self._transitions(self.rows.take(rng.integers(0, len(self), n), axis=0))

    def _transitions(self, rows: np.ndarray) -> Transitions:
        n = self.n_state
        return Transitions(
            states=rows[:, :n],
            actions=rows[:, 2 * n].astype(np.intp),
            rewards=rows[:, 2 * n + 1],
            next_states=rows[:, n : 2 * n],
            dones=rows[:, 2 * n + 2],
        )
