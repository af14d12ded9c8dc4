"""A memory of steps holds the newest, whole, and gives no others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.from_scratch.replay_buffer import ReplayBuffer


def step(number):
    """Give a step of which each part tells its number."""
    state = np.full(3, number, np.float32)
    return state, number % 5, float(-number), state + 0.5, number % 2 == 0


@given(st.integers(1, 12), st.integers(1, 40), st.integers(0, 2**31))
def test_what_is_drawn_is_whole_and_of_the_newest(room, n, seed):
    memory = ReplayBuffer(room, 3)
    for number in range(n):
        memory.keep(*step(number))
    assert len(memory) == min(room, n)
    drawn = memory.draw(200, np.random.default_rng(seed))
    numbers = drawn.states[:, 0].astype(int)
    assert set(numbers) <= set(range(max(0, n - room), n))
    for row, number in enumerate(numbers):
        state, action, reward, following, ended = step(int(number))
        np.testing.assert_array_equal(drawn.states[row], state)
        np.testing.assert_array_equal(drawn.following[row], following)
        assert (drawn.actions[row], drawn.rewards[row]) == (action, reward)
        assert drawn.ended[row] == ended


def test_each_step_kept_is_drawn_as_often(rng):
    memory = ReplayBuffer(10, 3)
    for number in range(25):
        memory.keep(*step(number))
    counts = np.bincount(memory.draw(20_000, rng).states[:, 0].astype(int), minlength=25)[15:]
    assert (np.abs(counts - 2000) < 6 * 2000**0.5).all()


def test_an_empty_memory_gives_nothing(rng):
    with pytest.raises(ValueError, match="empty"):
        ReplayBuffer(3, 2).draw(1, rng)
    with pytest.raises(ValueError, match="room: 0"):
        ReplayBuffer(0, 2)
