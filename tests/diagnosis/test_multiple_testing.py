"""Corrections for several hypotheses, against SciPy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from foursplit.diagnosis.stats.multiple_testing import benjamini_hochberg, holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(P_VALUES)
@settings(deadline=None, max_examples=40)
def test_benjamini_hochberg_agrees_with_scipy(p):
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))


@given(P_VALUES, st.floats(0.01, 0.2))
@settings(deadline=None, max_examples=40)
def test_holm_agrees_with_statsmodels(p, alpha):
    assert holm(p, alpha).tolist() == list(multipletests(p, alpha, method="holm")[0])


def test_without_hypotheses_there_is_nothing_to_reject():
    assert benjamini_hochberg([]).tolist() == holm([], 0.05).tolist() == []


def test_worked_by_hand():
    # Four hypotheses: 0.01 * 4 / 1, 0.02 * 4 / 2, 0.03 * 4 / 3 are all 0.04; 0.5 * 4 / 4 is 0.5.
    p = np.array([0.5, 0.01, 0.03, 0.02])
    assert benjamini_hochberg(p) == pytest.approx([0.5, 0.04, 0.04, 0.04])
    # Holm's limits at 0.05: 0.0125, 0.0167, ...: only 0.01 is below its own.
    assert holm(p.tolist(), 0.05).tolist() == [False, True, False, False]
