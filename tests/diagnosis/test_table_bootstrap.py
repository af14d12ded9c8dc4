"""Intervals of whole tables: groups stay whole, and the truth is in them as often as they say."""

import numpy as np
import pytest

from foursplit.core.arrays import Ragged
from foursplit.diagnosis.stats.bootstrap import estimate
from foursplit.diagnosis.stats.table_bootstrap import estimate_statistic, rows_by_group

HOW = {"n_resamples": 400, "confidence": 0.95}


def mean(columns):
    return float(columns["loss"].mean())


def clustered(rng, n_groups=40, size=5):
    """Draw values whose spread lies between groups; their true mean is 0.5."""
    middles = np.repeat(rng.uniform(0.2, 0.8, n_groups), size)
    loss = middles + rng.uniform(-0.1, 0.1, n_groups * size)
    return loss, np.repeat(np.arange(n_groups), size).astype(str)


def test_of_a_mean_the_interval_is_that_of_the_error(rng):
    loss, groups = clustered(rng)
    how = {"n_resamples": 4000, "confidence": 0.95}
    ours = estimate_statistic(mean, {"loss": loss}, groups, rng, **how)
    theirs = estimate(loss, np.ones(len(loss)), groups, rng, **how)
    assert ours.value == pytest.approx(theirs.value)
    assert (ours.lo, ours.hi) == pytest.approx((theirs.lo, theirs.hi), abs=0.006)
    assert (ours.n, ours.n_groups) == (200, 40)


@pytest.mark.parametrize("n_groups", [12, 40])  # Student's t of the jackknife, and the bootstrap
def test_the_truth_is_inside_as_often_as_stated_and_rows_as_groups_miss_it(n_groups):
    rng, n_runs = np.random.default_rng(3), 80
    inside = {"groups": 0, "rows": 0}
    for _ in range(n_runs):
        loss, groups = clustered(rng, n_groups)
        rows = np.arange(len(loss)).astype(str)
        for name, units in {"groups": groups, "rows": rows}.items():
            found = estimate_statistic(
                mean, {"loss": loss}, units, rng, n_resamples=100, confidence=0.95
            )
            inside[name] += found.lo <= 0.5 <= found.hi
    assert inside["groups"] / n_runs > 0.89
    assert inside["rows"] / n_runs < 0.75


def test_a_perfect_table_is_not_certain_to_stay_perfect(rng):
    perfect = {"loss": np.ones(30)}
    found = estimate_statistic(mean, perfect, np.arange(30).astype(str), rng, **HOW)
    assert found.hi == found.value == 1
    assert 0.88 < found.lo < 0.97
    worst = {"loss": np.zeros(30)}
    found = estimate_statistic(mean, worst, np.arange(30).astype(str), rng, **HOW)
    assert found.lo == found.value == 0
    assert 0.03 < found.hi < 0.12


def test_the_order_of_rows_changes_nothing(rng):
    loss, groups = clustered(rng)
    order = rng.permutation(len(loss))
    one, other = (
        estimate_statistic(
            mean, {"loss": loss[chosen]}, groups[chosen], np.random.default_rng(1), **HOW
        )
        for chosen in (np.arange(len(loss)), order)
    )
    assert (one.lo, one.hi) == pytest.approx((other.lo, other.hi))


def test_ragged_columns_are_resampled_with_their_rows(rng):
    words = Ragged.of([np.full(n % 3 + 1, n) for n in range(60)])

    def consistent(columns):
        rows = [columns["words"].row(n) for n in range(len(columns["words"]))]
        assert [len(row) for row in rows] == (columns["number"] % 3 + 1).tolist()
        assert all((row == n).all() for row, n in zip(rows, columns["number"], strict=True))
        return 0.5

    columns = {"words": words, "number": np.arange(60)}
    groups = (np.arange(60) // 2).astype(str)
    assert estimate_statistic(consistent, columns, groups, rng, **HOW).value == 0.5


def test_what_is_undefined_of_the_table_has_no_estimate(rng):
    groups = np.arange(30).astype(str)
    columns = {"loss": np.full(30, np.nan)}
    assert estimate_statistic(mean, columns, groups, rng, **HOW) is None


def test_what_is_undefined_of_some_samples_leaves_them_out(rng):
    def share(columns):
        chosen = columns["loss"][columns["loss"] >= 0]
        return float(chosen.mean()) if len(chosen) else float("nan")

    loss = np.full(30, -1.0)
    loss[:1] = 0.5
    found = estimate_statistic(share, {"loss": loss}, np.arange(30).astype(str), rng, **HOW)
    assert found.lo == found.value == found.hi == 0.5


def test_one_group_says_nothing_of_others(rng):
    found = estimate_statistic(mean, {"loss": np.full(9, 0.5)}, np.full(9, "a"), rng, **HOW)
    assert found.lo < 0.1
    assert found.hi > 0.9


def test_rows_are_gathered_by_group():
    rows = rows_by_group(np.array(["b", "a", "b", "c"]))
    assert [rows.row(n).tolist() for n in range(3)] == [[1], [0, 2], [3]]
