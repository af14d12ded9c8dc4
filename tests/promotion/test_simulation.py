"""The gate's promises on drawn models, with the benchmark's own trials, fewer of them."""

from dataclasses import replace

import pytest
from scipy import stats

from benchmarks import gate
from foursplit.promotion.judge import Rules

TRIALS = 60
RULES = Rules(min_gain=0.02, slice_margin=0.10)  # larger, so that fewer examples tell


@pytest.fixture(scope="module")
def size():
    return gate.advised(RULES)


def promoted(truth, n, rules=RULES):
    return round(gate.rates("test", truth, n, TRIALS, rules)["promoted"] * TRIALS)


def test_an_equal_challenger_is_seldom_promoted(size):
    # Were the rate 5 %, so many would be seen in one of a thousand runs at most.
    assert promoted(gate.EQUAL, size) <= stats.binom.ppf(0.999, TRIALS, 0.05)


def test_one_better_by_what_is_worth_it_is_promoted_where_the_advice_is_met(size):
    better = gate.Truth(small=0.02, elsewhere=0.02)
    assert promoted(better, size) >= stats.binom.ppf(0.001, TRIALS, 0.80)
    assert promoted(better, size // 8) < TRIALS // 2  # and the advice was needed


def test_a_ruined_slice_is_not_promoted_though_the_mean_alone_would_be():
    rules = replace(RULES, slice_margin=0.05)
    truth = gate.Truth(small=-0.10, elsewhere=0.03)
    assert promoted(truth, 2000, rules) <= 2
    assert promoted(truth, 2000, replace(rules, min_slice_examples=10**9)) > TRIALS // 2
