"""What a perfect part would give, and how sure that is: an independent bootstrap, and limits."""

import numpy as np
import pytest
from scipy import stats

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.ceiling.bootstrap import Sampling, ceiling, error_types, mean_loss

QUICK = Sampling(n_resamples=200)


def losses(*rates, n=1000):
    """Give 0/1 losses at each rate, each wrong where the next lower is."""
    return [(np.arange(n) < round(n * rate)).astype(float) for rate in rates]


def f1_error(counts, weight):
    """Give one less F1 from (example, [hit, false alarm, miss])."""
    hit, alarm, miss = weight @ counts
    return 1 - 2 * hit / max(2 * hit + alarm + miss, 1e-300)


def test_the_ceiling_is_the_error_that_goes(rng):
    before, after = losses(0.30, 0.24)
    found = ceiling(mean_loss, before, after, np.arange(1000), rng)
    assert (found.before, found.after) == (0.30, 0.24)
    assert found.value == pytest.approx(0.06)
    assert 0.03 < found.lo < 0.06 < found.hi < 0.09


def test_the_interval_is_that_of_a_paired_bootstrap(rng):
    before = rng.exponential(size=200)
    after = before * rng.random(200)
    found = ceiling(mean_loss, before, after, np.arange(200), rng, Sampling(n_resamples=4000))
    other = stats.bootstrap(
        (before - after,),
        np.mean,
        n_resamples=4000,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert found.lo == pytest.approx(other.low, rel=0.03)
    assert found.hi == pytest.approx(other.high, rel=0.03)


def test_an_unpaired_comparison_would_be_far_less_sure(rng):
    before, after = losses(0.30, 0.28)
    found = ceiling(mean_loss, before, after, np.arange(1000), rng)
    unpaired = 1.96 * np.sqrt(0.3 * 0.7 / 1000 + 0.28 * 0.72 / 1000)
    assert found.lo > 0
    assert 0.02 - unpaired < 0


def test_rows_of_one_group_count_as_one(rng):
    before, after = rng.random(30), np.zeros(30)
    once = ceiling(mean_loss, before, after, np.arange(30), rng)
    many = ceiling(
        mean_loss, np.repeat(before, 10), np.repeat(after, 10), np.repeat(range(30), 10), rng
    )
    assert many.n_groups == 30
    assert many.hi - many.lo == pytest.approx(once.hi - once.lo, rel=0.15)


def test_any_metric_will_do(rng):
    hit = rng.random(300) < 0.5
    counts = np.stack([hit, ~hit & (rng.random(300) < 0.5), ~hit], axis=1).astype(float)
    perfect = np.stack([np.ones(300), np.zeros(300), np.zeros(300)], axis=1)
    found = ceiling(f1_error, counts, perfect, np.arange(300), rng, QUICK)
    assert found.after == 0
    assert found.value == pytest.approx(f1_error(counts, np.ones(300)))
    assert found.lo < found.value < found.hi


def test_a_mean_by_sums_is_a_mean_by_rows():
    rng = np.random.default_rng(1)
    before, after, groups = rng.random(60), rng.random(60), np.repeat(np.arange(20), 3)

    def slow(values, weight):
        return float((values * weight).sum() / weight.sum())

    one, other = (
        ceiling(metric, before, after, groups, np.random.default_rng(4), QUICK)
        for metric in (mean_loss, slow)
    )
    assert one.lo == pytest.approx(other.lo)
    assert one.hi == pytest.approx(other.hi)


def test_no_change_at_all_is_not_certainty(rng):
    same = losses(0.3, n=100)[0]
    found = ceiling(mean_loss, same, same, np.arange(100), rng)
    assert found.value == found.lo == 0
    assert found.hi == pytest.approx(0.03, abs=0.005)  # three in n


def test_very_many_groups_are_drawn_as_normal(rng):
    before = rng.exponential(size=25_000)
    after = before * rng.random(25_000)
    found = ceiling(mean_loss, before, after, np.arange(25_000), rng)
    half = 1.96 * np.std(before - after) / np.sqrt(25_000)
    assert found.hi - found.lo == pytest.approx(2 * half, rel=0.1)


def test_one_group_gives_no_interval(rng):
    found = ceiling(mean_loss, np.ones(5), np.zeros(5), np.zeros(5, dtype=int), rng)
    assert (found.value, found.lo, found.hi) == (1.0, None, None)


def test_the_order_of_rows_changes_nothing(rng):
    before, after, groups = rng.random(60), rng.random(60), np.repeat(np.arange(20), 3)
    order = rng.permutation(60)
    one = ceiling(mean_loss, before, after, groups, np.random.default_rng(1))
    other = ceiling(mean_loss, before[order], after[order], groups[order], np.random.default_rng(1))
    assert one.lo == pytest.approx(other.lo)
    assert one.value == pytest.approx(other.value)


def test_types_of_detection_errors_are_ranked_and_need_not_add_up(rng):
    before, boxes, classes = losses(0.4, 0.1, 0.2)
    found = error_types(before, {"class": classes, "box": boxes}, np.arange(1000), rng)
    assert list(found) == ["box", "class"]
    assert [c.value for c in found.values()] == pytest.approx([0.3, 0.2])
    assert sum(c.value for c in found.values()) > 0.4  # more than all the error there is


def test_what_is_not_of_the_same_examples_is_refused(rng):
    with pytest.raises(FoursplitError, match="number of examples"):
        ceiling(mean_loss, np.ones(5), np.ones(4), np.arange(5), rng)
