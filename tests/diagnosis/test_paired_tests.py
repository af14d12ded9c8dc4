"""Non-inferiority tests: enumeration, SciPy, and cases where naive tests fail."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from foursplit.diagnosis.stats.paired_tests import (
    PairedLosses,
    null_variance,
    p_inferior,
    p_non_inferior,
    seed_variances,
    tango_score,
)

SHARE = st.floats(0.0, 0.5)


def paired(old, new, groups=None, weight=None, same_seeds=True) -> PairedLosses:
    old, new = np.atleast_2d(old).astype(float), np.atleast_2d(new).astype(float)
    n = old.shape[1]
    return PairedLosses(
        champion=old,
        challenger=new,
        weight=np.ones(n) if weight is None else np.asarray(weight, float),
        groups=np.arange(n) if groups is None else np.asarray(groups),
        same_seeds=same_seeds,
    )


def counts(n_losses, n_wins, n) -> PairedLosses:
    old, new = np.zeros(n), np.zeros(n)
    new[:n_losses] = 1
    old[n_losses : n_losses + n_wins] = 1
    return paired(old, new)


def everything(pair: PairedLosses) -> np.ndarray:
    return np.ones(len(pair.difference), bool)


def most_likely(n_losses, n_wins, margin):
    """Maximize the likelihood of the pairs under n_losses - n_wins = margin, by search."""

    def minus(rare):
        cells = (
            (n_losses, rare + margin),
            (n_wins, rare),
            (1 - n_losses - n_wins, 1 - 2 * rare - margin),
        )
        return -sum(seen * np.log(max(p, 1e-300)) for seen, p in cells if seen > 0)

    found = optimize.minimize_scalar(
        minus, bounds=(0, (1 - margin) / 2), method="bounded", options={"xatol": 1e-12}
    )
    return found.x


@given(SHARE, SHARE, st.floats(0.01, 0.5))
def test_the_variance_is_that_of_the_likeliest_pairs_under_the_margin(n_losses, n_wins, margin):
    rare = most_likely(n_losses, n_wins, margin)
    assert null_variance(n_losses, n_wins, margin) == pytest.approx(
        2 * rare + margin - margin**2, abs=2e-5
    )


def test_without_a_margin_it_is_mcnemars_score():
    assert tango_score(14, 5, 200, 0.0) == pytest.approx((14 - 5) / np.sqrt(14 + 5))
    assert tango_score(0, 0, 200, 0.0) == 0.0


def test_none_lost_of_twenty_is_not_none_and_none_of_sixty_shows_five_percent():
    few, many = counts(0, 0, 20), counts(0, 0, 60)
    assert p_non_inferior(few, everything(few), 0.05) > 0.05
    assert p_non_inferior(many, everything(many), 0.05) < 0.05
    # By hand: (0 - 20/20) / sqrt(20 * 0.05 * 0.95) = -1.026.
    assert tango_score(0, 0, 20, 0.05) == pytest.approx(-1.026, abs=1e-3)


@pytest.mark.parametrize(("n", "n_wins"), [(60, 0.02), (100, 0.05), (150, 0.01)])
def test_a_slice_that_is_worse_by_the_margin_passes_in_some_five_of_a_hundred(n, n_wins):
    margin = 0.05
    n_losses = n_wins + margin
    passed = sum(
        stats.multinomial.pmf([b, c, n - b - c], n, [n_losses, n_wins, 1 - n_losses - n_wins])
        for b in range(n + 1)
        for c in range(min(n - b, 40) + 1)
        if stats.norm.cdf(tango_score(b, c, n, margin)) <= 0.05
    )
    assert 0.01 < passed < 0.065


def test_of_many_quantities_it_is_students_paired_test():
    rng = np.random.default_rng(1)
    old, new = rng.gamma(2, 1, 4000), rng.gamma(2, 1, 4000)
    pair = paired(old, new)
    oracle = stats.ttest_1samp(new - old, 0.05, alternative="less").pvalue
    assert p_non_inferior(pair, everything(pair), 0.05) == pytest.approx(oracle, abs=2e-3)
    assert p_inferior(pair, everything(pair), 0.05) == pytest.approx(1 - oracle, abs=2e-3)


def test_examples_that_are_copies_are_not_more_examples():
    rng = np.random.default_rng(2)
    old, new = rng.integers(0, 2, 30), rng.integers(0, 2, 30)
    new[:12], old[:12] = 0, 1
    once = paired(np.r_[old, 2.0], np.r_[new, 2.0])  # a loss of 2, of no difference: not binary
    groups = np.tile(np.arange(31), 20)
    naive = paired(np.tile(once.champion[0], 20), np.tile(once.challenger[0], 20))
    grouped = paired(naive.champion[0], naive.challenger[0], groups)
    few = p_non_inferior(grouped, everything(grouped), 0.0)
    assert not grouped.is_binary
    assert few == pytest.approx(p_non_inferior(once, everything(once), 0.0), rel=0.5)
    assert p_non_inferior(naive, everything(naive), 0.0) < few / 10


def test_one_group_says_nothing():
    pair = paired([1, 1, 1, 0], [0, 0, 0, 0], groups=[0, 0, 0, 0])
    assert p_non_inferior(pair, everything(pair), 0.05) == 0.5


def test_seeds_that_disagree_make_less_sure():
    rng = np.random.default_rng(3)
    old = (rng.random((3, 400)) < 0.1).astype(float)
    steady = np.where(rng.random((3, 400)) < 0.03, 0.0, old)
    moving = steady.copy()
    moving[0, rng.choice(400, 40, replace=False)] = 1.0
    moving[1, moving[1] > 0] = 0.0
    shifted = moving.mean() - steady.mean()
    sure, unsure = paired(old, steady), paired(old, moving)
    assert p_non_inferior(sure, everything(sure), 0.05) < 0.001
    assert p_non_inferior(unsure, everything(unsure), 0.05 + shifted) > 0.01


@given(st.integers(0, 20), st.integers(0, 20), st.permutations(range(60)))
def test_the_order_of_examples_is_no_input(n_losses, n_wins, order):
    pair = counts(n_losses, n_wins, 60)
    turned = paired(pair.champion[:, order], pair.challenger[:, order])
    first, second = (p_non_inferior(p, everything(p), 0.05) for p in (pair, turned))
    assert first == second


def drawn_worse_by(margin, rng):
    """Draw 40 groups of 3 examples that err together, and two seeds; the challenger is worse."""
    groups = np.repeat(np.arange(40), 3)
    n_losses = rng.random(40) < 2 * margin
    n_wins = ~n_losses & (rng.random(40) < margin / (1 - 2 * margin))
    old, new = np.zeros((2, 120)), np.zeros((2, 120))
    old[:, n_wins[groups]] = 1
    new[:, n_losses[groups]] = 1
    new[:, rng.random(120) < 0.02] = 1.0
    old[:, rng.random(120) < 0.02] = 1.0
    return paired(old, new, groups)


def test_groups_that_are_worse_by_the_margin_seldom_pass():
    rng = np.random.default_rng(4)
    pairs = [drawn_worse_by(0.05, rng) for _ in range(1500)]
    passed = np.mean([p_non_inferior(pair, everything(pair), 0.05) <= 0.05 for pair in pairs])
    naive = np.mean(
        [
            p_non_inferior(paired(p.champion, p.challenger), everything(p), 0.05) <= 0.05
            for p in pairs[:500]
        ]
    )
    assert passed < 0.075
    assert naive > 0.1  # as if each example were drawn for itself


def drawn_seeds(rng, k, gain, spread, n=447):
    """Draw k seeds of two models; errors lie 80 % on examples that are hard for both."""
    hard, losses = rng.random(n), []
    for rate in (0.15, 0.15 + gain):
        rates = np.clip(rate + spread * rng.standard_normal(k), 0, 1)[:, None]
        u = np.where(rng.random((k, n)) < 0.8, hard, rng.random((k, n)))
        losses.append(u < rates)
    return paired(*losses)


def share_worse(k, gain, spread, repeats=300):
    found = 0
    for repeat in range(repeats):
        pair = drawn_seeds(np.random.default_rng([repeat, k]), k, gain, spread)
        found += p_inferior(pair, everything(pair), 0.0) <= 0.05
    return found / repeats


def test_seeds_without_an_effect_add_no_more_than_chance_to_the_variance_of_the_examples():
    added, observed = [], []
    for repeat in range(200):
        pair = drawn_seeds(np.random.default_rng(repeat), 5, 0.0, 0.0)
        added.append(sum(variance for variance, _ in seed_variances(pair, everything(pair))))
        means = [losses.mean(axis=1) for losses in (pair.champion, pair.challenger)]
        observed.append(sum(np.var(mean, ddof=1) / 5 for mean in means))
    assert np.mean(added) < 0.5 * np.mean(observed)  # what chance leaves above zero


def test_seeds_that_shift_every_example_alike_add_all_their_variance():
    old = np.array([[0.1], [0.2], [0.3]]) + np.zeros((3, 50))
    pair = paired(old, np.zeros((3, 50)), same_seeds=False)
    ((variance, degrees),) = seed_variances(pair, everything(pair))[:1]
    assert variance == pytest.approx(0.01 / 3)
    assert degrees == pytest.approx(2)


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 0.005])
def test_the_gates_power_rises_from_one_seed_to_three_and_five_in_ci(spread):
    power = [share_worse(k, 0.04, spread) for k in (1, 3, 5)]
    assert power == sorted(power)
    assert power[1] > power[0] + 0.05


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("spread", [0.0, 0.005, 0.02])
def test_an_equal_challenger_is_seldom_called_worse_in_ci(k, spread):
    assert share_worse(k, 0.0, spread) <= stats.binom.ppf(0.999, 300, 0.05) / 300
