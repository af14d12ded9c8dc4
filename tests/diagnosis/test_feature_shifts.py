"""How far columns moved: against counting, NumPy, and SciPy's permutation test."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from foursplit.diagnosis.with_sklearn.feature_shifts import feature_shifts, permuted_membership


def moved(first, second, permutations=200, seed=1):
    frame = pd.DataFrame({"meta.x": [*first, *second]})
    side = np.repeat([0, 1], [len(first), len(second)])
    unit = np.arange(len(frame))
    member = permuted_membership(side, unit, np.random.default_rng(seed), permutations)
    return feature_shifts(frame, unit, member)[0]


def test_a_category_moves_by_half_the_sum_of_differences_in_share():
    # From three quarters to one of a, from one to two of b, from none to one of c.
    assert moved(list("aaab"), list("abbc")).statistic == pytest.approx(0.5)


def test_a_quantity_moves_by_its_means_in_deviations_of_both_pooled(rng):
    first, second = rng.normal(0, 1, 50), rng.normal(1, 2, 70)
    found = moved(first, second)
    pooled = np.concatenate([first, second]).std()
    assert found.statistic == pytest.approx(abs(second.mean() - first.mean()) / pooled)


def test_p_is_that_of_scipys_permutation_test(rng):
    first, second = rng.normal(0, 1, 30), rng.normal(0.5, 1, 30)
    found = moved(first, second, permutations=9999)
    other = stats.permutation_test(
        (first, second),
        lambda a, b, axis: np.abs(a.mean(axis=axis) - b.mean(axis=axis)),
        n_resamples=9999,
        vectorized=True,
        alternative="greater",
        rng=np.random.default_rng(2),
    )
    assert found.p_value == pytest.approx(other.pvalue, abs=0.012)


def test_groups_are_dealt_whole():
    side = np.repeat([0, 1], 40)
    unit = np.repeat(np.arange(8), 10)
    dealt = permuted_membership(side, unit, np.random.default_rng(1), 50)
    assert dealt.shape == (51, 8)
    assert list(dealt[0]) == [0] * 4 + [1] * 4
    assert (dealt.sum(axis=1) == 4).all()
