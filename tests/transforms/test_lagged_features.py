"""What was known before a row, against a slow plain version."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.transforms.lagged_features import lagged_sums


@given(st.integers(0, 2**32), st.integers(0, 40))
def test_sums_and_counts_agree_with_a_slow_plain_version(seed, n):
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 11, (n, 3)) / 2  # halves: sums are exact
    key, time = rng.integers(0, 4, n), rng.integers(0, 9, n)
    totals, counts = lagged_sums(values, key, time)
    for row in range(n):
        known = (key == key[row]) & (time < time[row])
        assert totals[row].tolist() == values[known].sum(axis=0).tolist()
        assert counts[row] == known.sum()


def test_rows_of_unequal_number_are_refused():
    with pytest.raises(ValueError, match="2, 1 and 2 rows must be equal"):
        lagged_sums(np.ones((2, 1)), np.ones(1), np.ones(2))
