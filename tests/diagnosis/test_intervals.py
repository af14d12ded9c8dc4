"""Ninety-five of a hundred intervals hold the truth, in every regime that is declared."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from foursplit.diagnosis.prediction_table import validate
from foursplit.diagnosis.slices import significance
from foursplit.diagnosis.slices.encoding import encode
from foursplit.diagnosis.stats import bootstrap, seed_variance

SIMULATED = 2000


def rows(n, rate):
    return lambda rng: ((rng.random(n) < rate).astype(float), np.arange(n), rate)


def any_rate(n):
    """Draw the error rate itself as Jeffreys would: often close to 0 or to 1."""

    def make(rng):
        rate = rng.beta(0.5, 0.5)
        return (rng.random(n) < rate).astype(float), np.arange(n), rate

    return make


def no_errors(n):
    """Draw rates until one gives no error at all: what may the rate be then?"""

    def make(rng):
        while True:
            loss, groups, rate = any_rate(n)(rng)
            if not loss.any():
                return loss, groups, rate

    return make


def groups(n_groups, size):
    """Draw a rate for each group, as for patients or speakers; one in five is wrong on average."""

    def make(rng):
        rates = rng.beta(2, 8, n_groups)
        loss = (rng.random((n_groups, size)) < rates[:, None]).astype(float)
        return loss.ravel(), np.repeat(np.arange(n_groups), size), 0.2

    return make


def quantities(n):
    return lambda rng: (rng.gamma(2.0, size=n), np.arange(n), 2.0)


REGIMES = {
    "independent rows": rows(1000, 0.05),
    "a hundred rows": rows(100, 0.2),
    "small n": any_rate(15),
    "no errors at all": no_errors(40),
    "groups": groups(60, 20),
    "few groups": groups(8, 50),
    "losses that are quantities": quantities(100),
}


def coverage(make, simulated):
    held = 0
    for seed in range(simulated):
        rng = np.random.default_rng(seed)
        loss, group, truth = make(rng)
        found = bootstrap.estimate(
            loss, np.ones(len(loss)), group, rng, n_resamples=2000, confidence=0.95
        )
        held += found.lo - 1e-12 <= truth <= found.hi + 1e-12
    return held


def within_band(held, simulated):
    lo, hi = stats.binom(simulated, 0.95).interval(0.999)
    return lo <= held <= hi


@pytest.mark.slow
@pytest.mark.parametrize("regime", REGIMES)
def test_the_interval_holds_the_truth_as_often_as_it_says(regime):
    assert within_band(coverage(REGIMES[regime], SIMULATED), SIMULATED)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_few_hundred_intervals_hold_the_truth_as_often_as_they_say(regime):
    assert within_band(coverage(REGIMES[regime], 300), 300)


def test_plain_percentiles_of_few_groups_hold_it_too_rarely():
    held = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        loss, group, truth = groups(6, 50)(rng)
        sums = np.bincount(group, weights=loss)
        draws = bootstrap.bootstrap_replicates(sums, np.bincount(group).astype(float), rng, 1000)
        lo, hi = bootstrap.percentile_interval(draws, 0.95)
        held += lo <= truth <= hi
    assert not within_band(held, 400)


def test_one_group_says_nothing_of_others():
    found = bootstrap.estimate(
        np.array([0.0, 1.0, 0.0, 0.0]),
        np.ones(4),
        np.zeros(4, dtype=int),
        np.random.default_rng(1),
        n_resamples=4000,
        confidence=0.95,
    )
    assert found.hi - found.lo > 0.9


@pytest.mark.parametrize("n_seeds", [1, 2, 3])
def test_an_error_rate_ends_at_one_and_a_squared_error_does_not(n_seeds):
    # Two groups of three are all wrong: Student's t on so few reaches far beyond one.
    loss = np.repeat([1.0, 1 - 1 / n_seeds, 1.0], 4)
    group = np.repeat(np.arange(3), 4)
    by_seed = np.linspace(0.2, 1.0, n_seeds).tolist()

    def measure(loss, n_seeds):
        found = bootstrap.estimate(
            loss,
            np.ones(len(loss)),
            group,
            np.random.default_rng(0),
            n_resamples=2000,
            confidence=0.95,
        )
        bound = bootstrap.max_error(loss, n_seeds)
        return seed_variance.add_seed_variance(
            found, by_seed, np.random.default_rng(1), 0.95, max_error=bound
        )

    rate, quantity = measure(loss, n_seeds), measure(loss * 1.01, n_seeds)
    assert 0 <= rate.lo <= rate.value <= rate.hi <= rate.replicates.max() <= 1
    assert quantity.hi > 1.01


def test_a_slice_of_two_groups_that_are_all_wrong_has_an_error_of_one_at_most():
    table = validate(
        pd.DataFrame(
            {
                "example_id": [f"e{i}" for i in range(40)],
                "group_id": np.repeat(np.arange(10), 4),
                "loss": np.repeat([1, 1, 0, 0, 1, 0, 0, 0, 0, 0], 4) * 1.0,
                "meta.site": ["a"] * 20 + ["b"] * 20,
            }
        ),
        "dev",
    )
    dev = encode(table)
    error = significance.slice_error(dev, np.arange(40) < 12, 0.95)
    assert error.value == pytest.approx(2 / 3)
    assert error.hi == 1


def test_at_a_hundred_thousand_groups_the_normal_is_the_full_bootstrap():
    # Drawing n of n rows again has a known spread: the population's, over the root of n.
    rng = np.random.default_rng(3)
    loss = rng.gamma(1.0, size=100_000)
    found = bootstrap.estimate(
        loss, np.ones(len(loss)), np.arange(len(loss)), rng, n_resamples=40_000, confidence=0.95
    )
    exact = 2 * stats.norm.ppf(0.975) * loss.std() / np.sqrt(len(loss))
    assert (found.hi - found.lo) / exact == pytest.approx(1, abs=0.02)


def test_with_weights_too_the_normal_is_what_drawing_rows_gives():
    rng = np.random.default_rng(4)
    n = bootstrap.MIN_NORMAL_GROUPS
    loss, weight = rng.gamma(1.0, size=n), rng.uniform(0.2, 3.0, n)
    found = bootstrap.estimate(loss, weight, np.arange(n), rng, n_resamples=20_000, confidence=0.95)
    drawn = [rng.integers(0, n, n) for _ in range(1500)]
    means = np.array([np.average(loss[rows], weights=weight[rows]) for rows in drawn])
    lo, hi = bootstrap.percentile_interval(means, 0.95)
    assert (found.hi - found.lo) / (hi - lo) == pytest.approx(1, abs=0.08)


def test_the_widening_is_that_of_students_t():
    for n in (20, 30, 100, 1000):
        exact = stats.t(n - 1).ppf(0.975) / stats.norm.ppf(0.975) * np.sqrt(n / (n - 1))
        assert bootstrap.t_correction(n, 0.95) == pytest.approx(exact, rel=5e-4)
