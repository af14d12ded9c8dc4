"""Intervals hold the truth where errors are rare, weighted or in few groups; bootstraps do not."""

import numpy as np
import pytest
from scipy import stats

from benchmarks import coverage
from foursplit.diagnosis.stats.bootstrap import estimate
from foursplit.diagnosis.stats.error_posterior import answers_per_row, gain_posterior
from foursplit.diagnosis.stats.sign_flips import sign_flip_p_value

HARDEST = [
    "balanced, 3 of 100 positive, misses 10%, alarms 1%",
    "8 groups of 60, error 5%, correlation 0.2",
]


def too_rarely(share, n):
    """Check against 99.9 %; small counts can make an interval hold more often, which is no harm."""
    return share < coverage.band(n)[0]


@pytest.mark.parametrize("regime", HARDEST)
def test_the_hardest_regimes_hold_and_a_plain_bootstrap_does_not(regime):
    found = coverage.measure(coverage.REGIMES[regime], 100)
    assert not too_rarely(found["ours"], 100)
    assert too_rarely(found["bootstrap"], 100)


@pytest.mark.slow
@pytest.mark.parametrize("regime", [name for name in coverage.REGIMES if name not in HARDEST])
def test_every_regime_holds_the_truth_in_ci(regime):
    found = coverage.measure(coverage.REGIMES[regime], 200)
    assert not too_rarely(found["ours"], 200)


@pytest.mark.slow
@pytest.mark.parametrize("regime", coverage.FIXED_ROWS)
def test_equal_models_are_seldom_called_different(regime):
    most = stats.binom.ppf(0.999, 200, 0.05) / 200
    assert coverage.rejected(coverage.REGIMES[regime], 200) <= most


def interval(loss, weight, groups):
    rng = np.random.default_rng(1)
    return estimate(loss, weight, groups, rng, n_resamples=20_000, confidence=0.95)


def test_one_class_of_weights_has_the_jeffreys_posterior_whatever_the_weight():
    loss = (np.arange(50) < 3) * 1.0
    found = interval(loss, np.full(50, 2.5), np.arange(50))
    exact = stats.beta(3.5, 47.5).interval(0.95)
    assert (found.lo, found.hi) == pytest.approx(exact, abs=0.002)


def test_a_rare_class_without_an_error_keeps_its_uncertainty():
    # Three positives count as much as 97 others; none is wrong, and a third of them could be.
    weight = np.repeat([1 / 3, 1 / 97], [3, 97])
    found = interval(np.zeros(100), weight, np.arange(100))
    assert found.lo == 0
    assert found.hi > 0.15


def test_groups_without_correlation_are_nearly_rows_and_equal_rows_are_one():
    rng = np.random.default_rng(2)
    loss, groups = (rng.random(4000) < 0.1) * 1.0, np.repeat(np.arange(100), 40)
    alike, rows = (interval(loss, np.ones(4000), g) for g in (groups, np.arange(4000)))
    assert (alike.hi - alike.lo) / (rows.hi - rows.lo) < 1.25
    copies = np.repeat((np.arange(100) < 10) * 1.0, 40)  # a group's rows are all right or all wrong
    apart, one = (
        interval(copies, np.ones(4000), groups),
        interval(copies[::40], np.ones(100), np.arange(100)),
    )
    assert (apart.hi - apart.lo) / (one.hi - one.lo) == pytest.approx(1, abs=0.12)


def test_many_rows_a_group_leave_the_spread_between_groups():
    # The grid must be fine enough: at 500 groups the standard error is a tenth of a cell at first.
    rng = np.random.default_rng(3)
    rates = rng.beta(20, 380, 400)
    loss = (rng.random((400, 200)) < rates[:, None]).ravel() * 1.0
    found = interval(loss, np.ones(80_000), np.repeat(np.arange(400), 200))
    error = loss.reshape(400, 200).mean(axis=1).std(ddof=1) / 20
    assert (found.hi - found.lo) / (2 * 1.96 * error) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("loss", "answers"),
    [
        ([0, 1, 1], 1),
        ([0, 0.5, 1], 2),
        ([1 / 3, 0.5, 0], 6),
        ([0.123, 0], None),
        ([0, 2], None),
        ([-1, 0], None),
    ],
)
def test_shares_of_wrong_answers_are_distinguished_from_quantities(loss, answers):
    assert answers_per_row(np.array(loss, dtype=np.float64)) == answers


def test_signs_of_equal_sizes_give_mcnemars_test():
    rng = np.random.default_rng(4)
    differences = np.array([1.0] * 12 + [-1.0] * 3 + [0.0] * 50)
    exact = 2 * stats.binom.cdf(3, 15, 0.5)
    assert sign_flip_p_value(differences, rng, 50_000) == pytest.approx(exact, abs=0.003)
    assert sign_flip_p_value(-differences, rng, 50_000) == pytest.approx(exact, abs=0.003)
    assert sign_flip_p_value(np.array([1.0, -1.0]), rng, 100) == 1.0
    assert sign_flip_p_value(np.ones(4), rng, 100_000) >= 2 / 16


def test_gains_of_equal_weight_have_mcnemars_posterior_and_swapping_mirrors_it():
    gain = np.array([1.0] * 8 + [-1.0] * 2 + [0.0] * 40)
    draws, mirrored = (
        gain_posterior(g, np.full(50, 3.0), np.random.default_rng(5), 40_000) for g in (gain, -gain)
    )
    assert draws == pytest.approx(-mirrored)
    exact = np.random.default_rng(6).dirichlet([8.5, 2.5, 40.5], 40_000)
    assert draws.mean() == pytest.approx((exact[:, 0] - exact[:, 1]).mean(), abs=0.002)
    assert draws.std() == pytest.approx((exact[:, 0] - exact[:, 1]).std(), rel=0.02)
