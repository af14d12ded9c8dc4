"""What an agent lived through, kept to be drawn from: the newest steps, in one array.

Source: Lin (1992); Mnih and others (2015); Ng, MLS C3 W3 (experience replay).
"""

from typing import NamedTuple

import numpy as np


class Steps(NamedTuple):
    """Steps of an agent, a row each; `ended` is 1 where no step could follow."""

    states: np.ndarray  # (step, number)
    actions: np.ndarray  # (step,), numbers
    rewards: np.ndarray  # (step,)
    following: np.ndarray  # (step, number): the states that came of them
    ended: np.ndarray  # (step,), 0 or 1


class Memory:
    """Keep the newest `room` steps; a full memory overwrites its oldest."""

    def __init__(self, room: int, n_state: int) -> None:
        if room < 1:
            raise ValueError(f"room: {room} must be at least 1")
        # One array, one look-up: five would cost more than the arithmetic of a small network.
        self.rows = np.zeros((room, 2 * n_state + 3), np.float32)
        self.n_state, self.seen = n_state, 0

    def __len__(self) -> int:
        return min(self.seen, len(self.rows))

    def keep(
        self, state: np.ndarray, action: int, reward: float, following: np.ndarray, ended: bool
    ) -> None:
        """Add a step."""
        row, n = self.rows[self.seen % len(self.rows)], self.n_state
        row[:n] = state
        row[n : 2 * n] = following
        row[2 * n :] = action, reward, ended
        self.seen += 1

    def draw(self, n: int, rng: np.random.Generator) -> Steps:
        """Draw `n` of the steps kept, with repetition."""
        if not self.seen:
            raise ValueError("an empty memory has no step to draw")
        return self._steps(self.rows.take(rng.integers(0, len(self), n), axis=0))

    def _steps(self, rows: np.ndarray) -> Steps:
        n = self.n_state
        return Steps(
            states=rows[:, :n],
            actions=rows[:, 2 * n].astype(np.intp),
            rewards=rows[:, 2 * n + 1],
            following=rows[:, n : 2 * n],
            ended=rows[:, 2 * n + 2],
        )
