"""Laws of the ledger and of its intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from foursplit.diagnosis.decomposition import ledger, verdict
from foursplit.diagnosis.stats import bootstrap

RATE = st.floats(0, 1)


@given(RATE, RATE, RATE, RATE, RATE)
def test_the_gaps_add_up_to_test_minus_human(human, train, train_dev, dev, test):
    rates = {"human": human, "train": train, "train_dev": train_dev, "dev": dev, "test": test}
    found = ledger.gaps({name: ledger.fixed(rate) for name, rate in rates.items()}, 0.95)
    assert [gap.gap for gap in found] == list(ledger.LINKS)
    assert sum(gap.value for gap in found) == pytest.approx(test - human, abs=1e-12)


@given(RATE, RATE, RATE)
def test_without_train_dev_the_gaps_still_add_up(human, train, dev):
    rates = {"human": human, "train": train, "dev": dev}
    found = ledger.gaps({name: ledger.fixed(rate) for name, rate in rates.items()}, 0.95)
    assert sum(gap.value for gap in found) == pytest.approx(dev - human, abs=1e-12)


@given(RATE, RATE)
def test_a_gap_is_signed(low, high):
    errors = {"dev": ledger.fixed(low), "test": ledger.fixed(high)}
    back = {"dev": ledger.fixed(high), "test": ledger.fixed(low)}
    assert ledger.gaps(errors, 0.95)[0].value == -ledger.gaps(back, 0.95)[0].value


def estimate(loss, groups=None, weight=None, seed=1):
    loss = np.asarray(loss, dtype=np.float64)
    return bootstrap.estimate(
        loss,
        np.ones(len(loss)) if weight is None else np.asarray(weight, dtype=np.float64),
        np.arange(len(loss)).astype(str) if groups is None else np.asarray(groups),
        np.random.default_rng(seed),
        n_resamples=4000,
        confidence=0.95,
    )


def test_the_interval_of_a_proportion_is_that_of_jeffreys():
    found = estimate([1] * 7 + [0] * 93)
    lo, hi = stats.beta(7.5, 93.5).interval(0.95)
    assert found.value == 0.07
    assert (found.lo, found.hi) == (pytest.approx(lo, abs=0.004), pytest.approx(hi, abs=0.004))


def test_no_error_at_all_is_not_certainty():
    # The plain bootstrap draws nothing but zeros here; 3 in n is the rule of thumb.
    found = estimate([0] * 100)
    assert found.lo == found.value == 0
    assert 0.01 < found.hi < 0.04


def test_real_losses_get_the_interval_of_scipys_bootstrap(rng):
    loss = rng.exponential(size=200)
    found = estimate(loss)
    other = stats.bootstrap(
        (loss,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert found.lo == pytest.approx(other.low, rel=0.03)
    assert found.hi == pytest.approx(other.high, rel=0.03)


def test_rows_of_one_group_count_as_one(rng):
    # Ten copies of 30 losses know no more than the 30.
    loss = rng.exponential(size=30)
    grouped = estimate(np.repeat(loss, 10), np.repeat(np.arange(30), 10).astype(str))
    once, naive = estimate(loss), estimate(np.repeat(loss, 10))
    assert grouped.hi - grouped.lo == pytest.approx(once.hi - once.lo, rel=0.1)
    assert naive.hi - naive.lo < 0.5 * (grouped.hi - grouped.lo)


def test_weights_count():
    found = estimate([0.0, 0.5, 1.0], weight=[1, 1, 2])
    assert found.value == pytest.approx(2.5 / 4)


def test_the_order_of_rows_changes_nothing(rng):
    loss, groups = rng.exponential(size=60), np.repeat(np.arange(20), 3).astype(str)
    order = rng.permutation(60)
    one, other = estimate(loss, groups), estimate(loss[order], groups[order])
    assert one.lo == pytest.approx(other.lo, abs=1e-12)
    assert one.hi == pytest.approx(other.hi, abs=1e-12)


def test_the_same_seed_gives_the_same_interval(rng):
    loss = rng.exponential(size=60)
    assert estimate(loss).lo == estimate(loss).lo


def test_ninety_five_of_a_hundred_intervals_hold_the_truth(rng):
    # 400 data sets of 80 rows, true error 0.2; a 99.9 % binomial band around 380.
    held = 0
    for seed in range(400):
        found = estimate((rng.random(80) < 0.2).astype(float), seed=seed)
        held += found.lo <= 0.2 <= found.hi
    lo, hi = stats.binom(400, 0.95).interval(0.999)
    assert lo <= held <= hi


def test_a_gap_within_its_noise_is_not_material(rng):
    # 3 of 20 wrong against 2 of 20: a gap of 5 points that nobody should work on.
    errors = {"train": estimate([1] * 2 + [0] * 18), "dev": estimate([1] * 3 + [0] * 17, seed=2)}
    found = ledger.gaps(errors, 0.95, same_distribution=True)
    assert verdict.decide_verdict(errors, found, verdict.VerdictThresholds()).primary == ()


def test_the_same_gap_is_material_once_there_is_data_enough():
    many = {
        "train": estimate([1] * 2000 + [0] * 18000),
        "dev": estimate([1] * 3000 + [0] * 17000, seed=2),
    }
    found = ledger.gaps(many, 0.95, same_distribution=True)
    assert verdict.decide_verdict(many, found, verdict.VerdictThresholds()).primary == ("variance",)


def test_the_chances_of_being_largest_add_up_to_one():
    errors = {
        "train": estimate([1] * 2 + [0] * 18, seed=1),
        "train_dev": estimate([1] * 4 + [0] * 16, seed=2),
        "dev": estimate([1] * 6 + [0] * 14, seed=3),
    }
    found = ledger.gaps(errors, 0.95)
    chances = verdict.decide_verdict(errors, found, verdict.VerdictThresholds()).p_largest
    assert sum(chances.values()) == pytest.approx(1)
