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
def test_what_is_drawn_is_whole_and_of_the_newest(capacity, n, seed):
    buffer = ReplayBuffer(capacity, 3)
    for number in range(n):
        buffer.push(*step(number))
    assert len(buffer) == min(capacity, n)
    sample = buffer.sample(200, np.random.default_rng(seed))
    numbers = sample.states[:, 0].astype(int)
    assert set(numbers) <= set(range(max(0, n - capacity), n))
    for row, number in enumerate(numbers):
        state, action, reward, next_state, done = step(int(number))
        np.testing.assert_array_equal(sample.states[row], state)
        np.testing.assert_array_equal(sample.next_states[row], next_state)
        assert (sample.actions[row], sample.rewards[row]) == (action, reward)
        assert sample.dones[row] == done


def test_each_step_kept_is_drawn_as_often(rng):
    buffer = ReplayBuffer(10, 3)
    for number in range(25):
        buffer.push(*step(number))
    counts = np.bincount(buffer.sample(20_000, rng).states[:, 0].astype(int), minlength=25)[15:]
    assert (np.abs(counts - 2000) < 6 * 2000**0.5).all()


def test_an_empty_memory_gives_nothing(rng):
    with pytest.raises(ValueError, match="empty"):
        ReplayBuffer(3, 2).sample(1, rng)
    with pytest.raises(ValueError, match="capacity: 0"):
        ReplayBuffer(0, 2)
