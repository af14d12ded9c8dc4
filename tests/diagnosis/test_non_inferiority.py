"""How much worse one model may be: Tango's bound inverted, covers the truth, grows with spread."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from foursplit.diagnosis.stats.non_inferiority import largest_difference
from foursplit.diagnosis.stats.paired_tests import PairedLosses, p_non_inferior

COUNT = st.integers(0, 12)
SEEDS = st.lists(st.floats(0, 0.5), min_size=2, max_size=5)


def paired(old, new, groups=None):
    old, new = (np.atleast_2d(np.asarray(loss, float)) for loss in (old, new))
    n = old.shape[1]
    return PairedLosses(
        champion=old,
        challenger=new,
        weight=np.ones(n),
        groups=np.arange(n) if groups is None else np.asarray(groups),
        same_seeds=False,
    )


def counts(n_losses, n_wins, n):
    old, new = np.zeros(n), np.zeros(n)
    new[:n_losses], old[n_losses : n_losses + n_wins] = 1, 1
    return paired(old, new)


def bound(pair, alpha=0.05, by_seed=()):
    return largest_difference(pair, alpha, by_seed)


@given(COUNT, COUNT, st.integers(30, 500))
@settings(max_examples=40, deadline=None)
def test_at_the_bound_the_test_of_the_gate_just_rejects(n_losses, n_wins, n):
    pair = counts(n_losses, n_wins, n)
    margin = bound(pair)
    assert p_non_inferior(pair, np.ones(n, bool), margin) == pytest.approx(0.05, abs=1e-6)


@given(COUNT, COUNT)
@settings(max_examples=40, deadline=None)
def test_another_error_of_the_challenger_raises_the_bound(n_losses, n_wins):
    here = bound(counts(n_losses, n_wins, 200))
    assert bound(counts(n_losses + 1, n_wins, 200)) > here
    if n_wins:  # an example that it alone had right
        assert bound(counts(n_losses, n_wins - 1, 200)) > here


def test_without_any_difference_small_samples_show_little():
    # z^2 / (n + z^2): 6.8 points at 37 examples, and half a point takes 539.
    z2 = stats.norm.ppf(0.95) ** 2
    for n in (37, 538, 539, 5000):
        assert bound(counts(0, 0, n)) == pytest.approx(z2 / (n + z2), rel=1e-6)
    assert bound(counts(0, 0, 539)) < 0.005 < bound(counts(0, 0, 537))


@given(SEEDS, SEEDS, st.floats(1.0, 5.0))
@settings(max_examples=60, deadline=None)
def test_no_spread_over_seeds_lowers_the_bound(one, other, factor):
    # Welch's degrees of freedom break this: a second spread beside a large one adds degrees.
    pair = counts(5, 3, 100)

    def spread(values, by):
        return [float(np.mean(values) + by * (value - np.mean(values))) for value in values]

    bounds = [
        bound(pair, by_seed=by_seed)
        for by_seed in ((), (one,), (one, other), (spread(one, factor), other))
    ]
    assert bounds == pytest.approx(sorted(bounds), abs=1e-12)


def test_one_seed_adds_nothing_and_one_group_shows_nothing():
    pair = counts(5, 3, 100)
    assert bound(pair, by_seed=((0.1,), (0.2,))) == bound(pair)
    assert bound(paired([0.0] * 9, [0.5] * 9, groups=[0] * 9)) == np.inf


def test_the_bound_is_above_the_truth_as_often_as_it_says():
    # Three seeds each, seeds move the error by 2 points; the challenger is worse by 2 points.
    rng, held, trials = np.random.default_rng(8), 0, 400
    for _ in range(trials):
        difficulty = rng.random(300)
        losses = [
            (difficulty[None] < np.clip(rate + rng.normal(0, 0.02, (3, 1)), 0, 1)) * 1.0
            for rate in (0.10, 0.12)
        ]
        pair = paired(*(loss.mean(axis=0) for loss in losses))
        held += bound(pair, by_seed=[loss.mean(axis=1).tolist() for loss in losses]) >= 0.02
    assert held >= stats.binom(trials, 0.95).ppf(0.001)
