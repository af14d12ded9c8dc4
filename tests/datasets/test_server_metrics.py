"""Two hours of a metric are described by what came before them, and by nothing later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.datasets.server_metrics import FEATURES, WINDOW, window_features


def series(seed, n_spans=6):
    return np.random.default_rng(seed).normal(50, 5, n_spans * WINDOW)


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_the_future_changes_nothing_of_the_past(seed, n_known):
    values = series(seed)
    changed = values.copy()
    changed[n_known * WINDOW :] = 1e6
    before, after = window_features(values)[:n_known], window_features(changed)[:n_known]
    np.testing.assert_array_equal(before, after)


@given(st.integers(0, 2**32), st.floats(0.1, 1e6), st.floats(-1e6, 1e6))
def test_the_unit_of_a_metric_does_not_show(seed, scale, shift):
    values = series(seed)
    np.testing.assert_allclose(
        window_features(values)[1:], window_features(scale * values + shift)[1:], atol=1e-3
    )


def test_worked_by_hand():
    # 0 and 2 in turn: mean 1, variance 24/23. Then two hours of 1 + one such deviation.
    usual = np.tile([0.0, 2.0], WINDOW // 2)
    deviation = (WINDOW / (WINDOW - 1)) ** 0.5
    found = window_features(np.concatenate([usual, np.full(WINDOW, 1 + deviation)])).iloc[1]
    unit = np.arcsinh(1.0)
    wanted = {
        "mean": unit,
        "least": unit,
        "most": unit,
        "spread": 0,
        "largest_jump": 0,
        "slope": 0,
    }
    np.testing.assert_allclose(found[list(wanted)].tolist(), list(wanted.values()), atol=1e-12)
    # From the last usual value, 2, to 1 + d.
    assert found["step"] == pytest.approx(np.arcsinh((1 + deviation - 2) / deviation))


def test_a_flat_series_is_described_and_its_first_move_is_seen():
    values = np.concatenate([np.full(3 * WINDOW, 7.0), np.full(WINDOW, 9.0)])
    found = window_features(values)
    assert np.isfinite(found).all(axis=None)
    assert (found[list(FEATURES)].iloc[1:3] == 0).all(axis=None)
    assert found["mean"].iloc[3] > 1
