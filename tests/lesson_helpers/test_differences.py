"""Intervals over few draws hold the truth as often as they say, and are those of SciPy."""

import numpy as np
import pytest
from scipy import stats

from foursplit_courses.lesson_helpers.differences import t_interval


@pytest.mark.parametrize("n", [2, 5, 20])
def test_the_interval_is_scipys_and_holds_the_truth(n):
    rng = np.random.default_rng(n)
    draws = rng.normal(3.0, 2.0, (2000, n))
    theirs = stats.t.interval(0.95, n - 1, draws[0].mean(), stats.sem(draws[0]))
    assert t_interval(draws[0], 0.95) == pytest.approx(theirs)
    held = sum(low <= 3.0 <= high for low, high in (t_interval(row, 0.95) for row in draws))
    assert stats.binomtest(held, 2000, 0.95).pvalue > 1e-4
