"""Two models on the same examples: laws, SciPy, statsmodels, and cases worked by hand."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import PredictionTable, validate
from foursplit.diagnosis.stats.bootstrap import estimate
from foursplit.diagnosis.stats.paired_comparison import compare_models, mcnemar_p_value

COUNT = st.integers(0, 60)


def table(loss, **columns) -> PredictionTable:
    frame = pd.DataFrame({"example_id": [f"e{i}" for i in range(len(loss))], "loss": loss})
    return validate(frame.assign(**columns), "dev")


def pair(both, won, lost, neither, **columns) -> tuple[PredictionTable, PredictionTable]:
    """Give tables in which both err, A alone errs (B wins), B alone errs, and nobody errs."""
    a = [1.0] * both + [1.0] * won + [0.0] * (lost + neither)
    b = [1.0] * both + [0.0] * won + [1.0] * lost + [0.0] * neither
    return table(a, **columns), table(b, **columns)


def compared(a, b, seed=1, **how):
    return compare_models(a, b, np.random.default_rng(seed), **how)


def test_a_case_worked_by_hand():
    # 6 examples for B, none for A: p = 2/2^6, and 10 errors of 100 against 4.
    found = compared(*pair(4, 6, 0, 90))
    assert found.test == "mcnemar exact"
    assert (found.error_a, found.error_b) == (0.1, 0.04)
    assert found.delta == pytest.approx(0.06)
    assert found.discordance == 0.06
    assert found.p_value == pytest.approx(2 / 64)
    assert "B is significantly better: 4.00% against 10.00%" in found.sentence


def test_five_examples_for_one_and_none_for_the_other_may_be_chance():
    found = compared(*pair(0, 5, 0, 95))
    assert found.p_value == pytest.approx(2 / 32)
    assert "do not differ significantly" in found.sentence
    # Six pairs, at 5 in a hundred examples.
    assert found.n_needed >= 6 / 0.05
    assert f"{found.n_needed:,} examples, not 100" in found.sentence


@given(COUNT, COUNT)
def test_p_is_that_of_scipy_and_of_statsmodels(won, lost):
    p = mcnemar_p_value(won, lost)
    if won + lost:
        assert p == pytest.approx(stats.binomtest(won, won + lost).pvalue, rel=1e-9)
    assert p == pytest.approx(mcnemar([[3, won], [lost, 4]], exact=True).pvalue, rel=1e-9)


@pytest.mark.parametrize(
    ("won", "lost"),
    [(2500, 2600), (5200, 5000), (51_000, 50_000), (5_003_500, 4_996_500), (7, 9000)],
)
def test_p_stays_exact_for_millions_of_pairs(won, lost):
    wanted = 2 * stats.binom(won + lost, 0.5).cdf(min(won, lost))
    assert mcnemar_p_value(won, lost) == pytest.approx(wanted, rel=1e-5)


@given(COUNT, COUNT, COUNT, COUNT)
@settings(max_examples=40, deadline=None)
def test_to_swap_the_models_turns_the_sign_and_keeps_p(both, won, lost, neither):
    a, b = pair(both, won, lost, neither + 1)
    one, other = compared(a, b, n_resamples=200), compared(b, a, n_resamples=200)
    assert other.delta == -one.delta
    assert other.p_value == one.p_value
    assert other.n_needed == one.n_needed
    if won != lost:
        assert (other.lo, other.hi) == (pytest.approx(-one.hi), pytest.approx(-one.lo))
        assert other.p_b_better == pytest.approx(1 - one.p_b_better)


@pytest.mark.parametrize("n_groups", [5, 40])
def test_to_swap_the_models_mirrors_the_bootstrap(rng, n_groups):
    groups = rng.integers(0, n_groups, 200).astype(str)
    a, b = (table(rng.exponential(size=200), group_id=groups) for _ in range(2))
    one, other = compared(a, b), compared(b, a)
    assert other.delta == pytest.approx(-one.delta)
    assert (other.lo, other.hi) == (pytest.approx(-one.hi), pytest.approx(-one.lo))
    assert other.p_value == one.p_value
    assert other.p_b_better == pytest.approx(1 - one.p_b_better)
    assert one.test == "paired bootstrap"


def test_the_chance_that_b_is_better_is_jeffreys():
    found = compared(*pair(5, 14, 8, 500), n_resamples=20_000)
    assert found.p_b_better == pytest.approx(stats.beta(14.5, 8.5).sf(0.5), abs=0.01)


def test_the_order_of_rows_changes_nothing(rng):
    a, b = (table((rng.random(300) < 0.3).astype(float)) for _ in range(2))
    shuffled = b.take(rng.permutation(300))
    assert compared(a, shuffled).as_json() == compared(a, b).as_json()


def test_overlapping_intervals_do_not_decide_a_difference():
    # Naively 12.0 and 13.2 % of 2,000, each +-1.4 points, are one; but A wins none of 24 pairs.
    a, b = pair(240, 24, 0, 1736)
    rng = np.random.default_rng(3)
    alone = [
        estimate(t.loss, t.weight, t.groups, rng, n_resamples=2000, confidence=0.95) for t in (a, b)
    ]
    assert alone[1].hi > alone[0].lo
    assert alone[1].hi > alone[0].value
    found = compared(a, b)
    assert found.lo > 0
    assert found.p_value < 1e-6
    assert found.p_b_better > 0.99


def test_14_3_against_14_8_percent_of_twenty_thousand_is_within_noise():
    # Two sets of 20,000: +0.5 points, 95 % from -0.19 to +1.19, z 1.42.  On one set, models as
    # unlike as two independent ones, 2 * 0.1455 * 0.8545 = 0.249, do no better.
    n, gap, differ = 20_000, 0.005, 0.249
    won, lost = (round(n * (differ + sign * gap) / 2) for sign in (1, -1))
    both = round(0.148 * n) - won
    found = compared(*pair(both, won, lost, n - both - won - lost))
    assert (found.error_a, found.error_b) == (0.148, 0.143)
    assert found.lo < 0 < found.hi
    assert (found.lo, found.hi) == (
        pytest.approx(-0.0019, abs=4e-4),
        pytest.approx(0.0119, abs=4e-4),
    )
    assert found.p_value == pytest.approx(2 * stats.norm.sf(1.42), abs=0.01)
    assert "do not differ significantly" in found.sentence


def test_a_gap_from_2_1_to_7_percent_of_many_is_beyond_chance():
    found = compared(*pair(5_000, 12_500, 250, 232_250))
    assert found.p_value < 1e-100
    assert found.delta == pytest.approx(0.049)
    assert "p < 0.001" in found.sentence


def test_real_losses_get_the_interval_of_a_slow_plain_bootstrap(rng):
    a = rng.exponential(size=300)
    b = a * rng.uniform(0.6, 1.3, 300)
    found = compared(table(a), table(b), n_resamples=3000)
    slow = np.random.default_rng(9)
    means = np.array([np.mean((a - b)[slow.integers(0, 300, 300)]) for _ in range(4000)])
    lo, hi = np.quantile(means, [0.025, 0.975])
    width = hi - lo
    assert (found.lo, found.hi) == (
        pytest.approx(lo, abs=0.06 * width),
        pytest.approx(hi, abs=0.06 * width),
    )
    assert found.p_b_better == pytest.approx(np.mean(means > 0), abs=0.02)


def test_the_p_of_the_bootstrap_is_that_of_the_paired_t_test(rng):
    a = rng.normal(5, 1, 150)
    b = a - rng.normal(0.06, 0.5, 150)
    found = compared(table(a), table(b), n_resamples=20_000)
    assert found.p_value == pytest.approx(stats.ttest_rel(a, b).pvalue, abs=0.01)


def test_rows_of_one_group_count_as_one():
    # 24 wins all within two of twenty groups of a hundred rows: naively certain, truly not.
    a, b = pair(0, 24, 0, 1976)
    groups = [
        f"g{i // 100}" for i in [*range(12), *range(100, 112), *range(12, 100), *range(112, 2000)]
    ]
    naive, found = compared(a, b), compared(*pair(0, 24, 0, 1976, group_id=groups))
    assert (found.n_groups, found.test) == (20, "paired bootstrap")
    assert naive.p_value < 1e-6
    assert found.p_value > 0.05
    assert found.n_needed > 10 * naive.n_needed


def test_few_groups_cannot_convince():
    # Four groups that all agree: a sign each, so 2 of 16 ways are as good.
    a, b = pair(0, 40, 0, 360, group_id=[f"g{i % 4}" for i in range(400)])
    assert compared(a, b).p_value == 0.125


def test_one_group_says_nothing():
    found = compared(*pair(0, 30, 0, 70, group_id=["only"] * 100))
    assert (found.p_value, found.n_needed) == (1.0, None)
    assert found.lo < 0 < found.delta < found.hi


@pytest.mark.parametrize("columns", [{}, {"group_id": [f"g{i // 2}" for i in range(100)]}])
def test_models_that_never_differ_are_equal_but_not_for_certain(columns):
    found = compared(*pair(10, 0, 0, 90, **columns))
    assert (found.delta, found.p_value, found.discordance, found.n_needed) == (0, 1, 0, None)
    assert -0.1 < found.lo < 0 < found.hi < 0.1
    assert found.p_b_better == pytest.approx(0.5, abs=0.05)
    assert "equal losses on all 100" in found.sentence


def test_as_many_won_as_lost_is_no_difference():
    found = compared(*pair(5, 9, 9, 77))
    assert (found.delta, found.p_value, found.n_needed) == (0, 1, None)


def test_weights_count():
    a, b = (table(loss, weight=[1.0, 1.0, 2.0, 4.0]) for loss in ([1.0, 0, 0, 1], [0.0, 0, 1, 0]))
    found = compared(a, b)
    assert found.delta == pytest.approx((1 - 2 + 4) / 8)
    assert found.test == "paired posterior"
    assert found.discordance == 0.75


def test_so_many_examples_as_needed_would_show_it(rng):
    a = rng.exponential(size=400)
    b = np.maximum(a - 0.02 + rng.normal(0, 0.3, 400), 0)
    found = compared(table(a), table(b))
    z, sd = 1.95996 + 0.84162, np.std(a - b, ddof=1)
    assert found.n_needed == pytest.approx((z * sd / np.mean(a - b)) ** 2, rel=0.01)


@pytest.mark.parametrize("groups", [False, True])
def test_equal_models_are_called_different_one_time_in_twenty(rng, groups):
    # 150 pairs of equal models; up to the 99.9 % bound of 150 binomial trials at 0.05.
    columns = {"group_id": [f"g{i // 4}" for i in range(120)]} if groups else {}
    wrong = 0
    for seed in range(150):
        a, b = (table((rng.random(120) < 0.3).astype(float), **columns) for _ in range(2))
        wrong += compared(a, b, seed=seed, n_resamples=300).p_value < 0.05
    assert wrong <= stats.binom(150, 0.05).ppf(0.999)


def test_intervals_hold_the_truth_as_often_as_they_say(rng):
    held = 0
    for seed in range(150):
        outcome = rng.choice(3, 150, p=[0.12, 0.06, 0.82])
        won, lost = (outcome == 0).astype(float), (outcome == 1).astype(float)
        found = compared(table(won), table(lost), seed=seed, n_resamples=300)
        held += found.lo <= 0.06 <= found.hi
    lo, hi = stats.binom(150, 0.95).interval(0.999)
    assert lo <= held <= hi


def test_the_many_and_the_few_groups_join_without_a_step(rng):
    # 19 groups take Student's t, 20 and 2,000 are drawn, 20,000 take the normal: all agree with t.
    for n in (19, 20, 2_000, 20_000):
        gain = rng.normal(0.1, 1, n)
        found = compared(table(5 + gain), table(np.full(n, 5.0) + 0 * gain), n_resamples=2000)
        half = stats.t(n - 1).ppf(0.975) * np.std(gain, ddof=1) / np.sqrt(n)
        assert (found.hi - found.lo) / 2 == pytest.approx(half, rel=0.1)


def test_what_training_again_would_change_is_in_the_comparison_of_seeds():
    """Equal models whose seeds differ: the naive comparison of means calls half of them unlike."""
    rng = np.random.default_rng(5)
    naive = aware = 0
    times, n, k = 150, 800, 5
    for _ in range(times):
        rates = np.clip(rng.normal(0.2, 0.03, (2, k)), 0, 1)
        losses = (rng.random((2, k, n)) < rates[:, :, None]).astype(float)
        a, b = (table(losses[m].mean(axis=0)) for m in range(2))
        errors = tuple({s: float(losses[m, s].mean()) for s in range(k)} for m in range(2))
        naive += compared(a, b, n_resamples=300).p_value < 0.05
        aware += compared(a, b, n_resamples=300, seeds=errors).p_value < 0.05
    assert naive / times > 0.3
    assert aware / times < 0.05 + 3 * (0.05 * 0.95 / times) ** 0.5


def test_a_single_seed_says_nothing_of_seeds_and_changes_nothing(rng):
    a, b = (table((rng.random(200) < p).astype(float)) for p in (0.2, 0.3))
    assert compared(a, b) == compared(a, b, seeds=({1: a.error}, {1: b.error}))


def test_seeds_that_always_differ_alike_leave_the_difference_sure(rng):
    a, b = (table((rng.random(400) < p).astype(float)) for p in (0.4, 0.1))
    alike = ({1: 0.4, 2: 0.5, 3: 0.3}, {1: 0.1, 2: 0.2, 3: 0.0})
    others = ({1: 0.4, 2: 0.5, 3: 0.3}, {4: 0.1, 5: 0.2, 6: 0.0})
    paired, apart = (compared(a, b, seeds=seeds) for seeds in (alike, others))
    assert paired.hi - paired.lo < apart.hi - apart.lo


def test_other_examples_are_refused_with_how_many_and_an_example():
    a, b = table([0.0, 1.0, 0.0]), table([0.0, 1.0])
    with pytest.raises(FoursplitError, match="1 only in A \\(such as 'e2'\\)"):
        compared(a, b)
    other = b.frame.assign(example_id=["e0", "x"])
    with pytest.raises(FoursplitError, match="2 only in A .*'e1'.*1 only in B .*'x'"):
        compared(a, replace(b, frame=other))


def test_other_weights_and_groups_are_refused():
    a = table([0.0, 1.0], weight=[1.0, 2.0], group_id=["p", "q"])
    with pytest.raises(FoursplitError, match="'weight' differs .* 1 examples, such as 'e1'"):
        compared(a, table([0.0, 1.0], group_id=["p", "q"]))
    with pytest.raises(FoursplitError, match="'group_id' differs .* 1 examples, such as 'e0'"):
        compared(a, table([0.0, 1.0], weight=[1.0, 2.0], group_id=["q", "q"]))
    with pytest.raises(FoursplitError, match="'group_id', the other has none"):
        compared(a, table([0.0, 1.0], weight=[1.0, 2.0]))


def test_other_answers_to_the_same_examples_are_refused():
    # The first table was scored against the label mended since: no two models differ here.
    a, b = table([0.0, 0.0], y=["cat", "dog"]), table([0.0, 1.0], y=["cat", "cat"])
    with pytest.raises(FoursplitError, match="'y' differs .* 1 examples, such as 'e1'"):
        compared(a, b)
    with pytest.raises(FoursplitError, match="'y' differs .* 2 examples, such as 'e0'"):
        compared(table([0.0, 0.0], y=[1.5, 2.0]), table([0.0, 0.0], y=[1.0, 2.5]))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["7", "8"], [7, 8]),  # Parquet keeps names of classes, a CSV reads them as numbers
        ([7.0, 8.0], [7, 8]),
        (["cat", None], ["cat", None]),
        ([0.1 + 0.2, 1.0], [0.3, 1.0]),
    ],
)
def test_an_answer_is_the_same_however_it_is_written(first, second):
    assert compared(table([0.0, 1.0], y=first), table([1.0, 1.0], y=second)).delta == -0.5


def test_where_one_table_alone_knows_the_answers_nothing_is_held_against_it():
    assert compared(table([0.0, 1.0], y=["a", "b"]), table([1.0, 1.0])).n == 2


def test_a_comparison_can_be_written_as_json():
    found = compared(*pair(5, 9, 3, 77))
    assert json.loads(json.dumps(found.as_json()))["n"] == 94
