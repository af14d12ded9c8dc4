"""How many examples a comparison needs, against tables, exact sums and simulations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.stats import power
from foursplit.diagnosis.stats.normal_power import detectable_gain

SHARE = st.floats(0.001, 1.0)


def exact(n, delta, discordance, alpha=0.05):
    """Give power and chance of a strict lead, with SciPy and over every number of pairs."""
    m = np.arange(n + 1)
    shares = stats.binom(n, discordance).pmf(m)
    won = stats.binom(m, (discordance + delta) / (2 * discordance))
    fails = stats.binom(m, 0.5).ppf(alpha / 2)
    fails = np.where(stats.binom(m, 0.5).cdf(fails) <= alpha / 2, fails, fails - 1)
    found = won.cdf(fails) + won.sf(m - fails - 1)
    return float(shares @ found), float(shares @ won.sf(m // 2))


@pytest.mark.parametrize(
    ("delta", "times", "wanted"),
    [
        # n = (1.95996 sqrt(d) + 0.84162 sqrt(d - delta^2))^2 / delta^2; for delta 0.01, d 0.02:
        # (0.27718 + 0.11873)^2 / 0.0001 = 1567.4.
        *[(0.01, k, n) for k, n in ((1.5, 1175), (2, 1568), (5, 3923), (10, 7847), (20, 15696))],
        *[(0.005, k, n) for k, n in ((1.5, 2353), (2, 3138), (5, 7847), (20, 31394))],
        *[(0.001, k, n) for k, n in ((1.5, 11771), (2, 15696), (5, 39243), (10, 78487))],
        *[(0.0001, k, n) for k, n in ((1.5, 117731), (10, 784886), (20, 1569774))],
    ],
)
def test_the_formula_gives_the_table(delta, times, wanted):
    assert power.required_examples(delta, delta * times) == wanted


@given(st.floats(0.01, 0.2), st.floats(1.2, 5))
@settings(max_examples=20, deadline=None)
def test_so_many_examples_have_nearly_the_power_asked_for(delta, times):
    # The exact test is cautious, so it has a little less than the formula says.
    discordance = min(1.0, delta * times)
    n = power.required_examples(delta, discordance)
    assert 0.7 < power.mcnemar_power(n, delta, discordance) < 0.9


@given(st.floats(0.0001, 1.0))
def test_never_so_few_are_advised_that_the_exact_test_cannot_reject(discordance):
    # Five pairs all won have p = 2/32; six have 2/64.
    assert power.required_examples(discordance, discordance) * discordance >= 6 - 1e-9


@pytest.mark.parametrize(
    ("n", "delta", "discordance"),
    [(5, 0.1, 0.5), (6, 0.9, 1.0), (100, 0.05, 0.05), (300, 0.05, 0.2), (2000, 0.02, 0.3)],
)
def test_power_is_the_sum_over_all_outcomes(n, delta, discordance):
    wanted, strict = exact(n, delta, discordance)
    assert power.mcnemar_power(n, delta, discordance) == pytest.approx(wanted, abs=1e-9)
    assert power.prob_correct_ranking(n, delta, discordance, ties=0.0) == pytest.approx(
        strict, abs=1e-9
    )


@pytest.mark.parametrize("discordance", [0.3, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("delta", [0.0, 0.01, 0.03, 0.06])
def test_beyond_the_sum_the_normal_agrees_with_it(delta, discordance):
    n = 7000  # 2,100 to 7,000 pairs: all are beyond the sum
    wanted, strict = exact(n, delta, discordance)
    assert power.mcnemar_power(n, delta, discordance) == pytest.approx(wanted, abs=0.003)
    assert power.prob_correct_ranking(n, delta, discordance, ties=0.0) == pytest.approx(
        strict, abs=0.003
    )


@pytest.mark.parametrize(
    ("discordance", "shown", "ordered"),
    [
        (0.0011, 0.87, 1.0),
        (0.002, 0.54, 0.99),
        (0.005, 0.25, 0.92),
        (0.01, 0.145, 0.84),
        (0.02, 0.096, 0.76),
    ],
)
def test_ten_thousand_examples_rank_a_gain_of_a_thousandth_but_do_not_prove_it(
    discordance, shown, ordered
):
    # The book's rule of thumb is true of the right order, and not of significance.
    assert exact(10_000, 0.001, discordance)[0] == pytest.approx(shown, abs=0.01)
    assert power.mcnemar_power(10_000, 0.001, discordance) == pytest.approx(shown, abs=0.01)
    assert power.prob_correct_ranking(10_000, 0.001, discordance) == pytest.approx(
        ordered, abs=0.005
    )


@pytest.mark.parametrize(("discordance", "leads"), [(0.0011, 0.10), (0.02, 0.37)])
def test_a_hundred_examples_mostly_tie(discordance, leads):
    assert power.mcnemar_power(100, 0.001, discordance) < 0.001
    strict = power.prob_correct_ranking(100, 0.001, discordance, ties=0.0)
    assert strict == pytest.approx(leads, abs=0.01)
    assert 0.5 < power.prob_correct_ranking(100, 0.001, discordance) < 0.56


@given(st.integers(1, 300), SHARE)
@settings(max_examples=30, deadline=None)
def test_equal_models_are_told_apart_no_more_often_than_allowed(n, discordance):
    assert power.mcnemar_power(n, 0.0, discordance) <= 0.05 + 1e-9
    assert power.prob_correct_ranking(n, 0.0, discordance) == pytest.approx(0.5, abs=1e-9)


@given(st.integers(1, 200), SHARE, st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_more_examples_and_larger_gains_rank_better(n, discordance, part):
    low = power.prob_correct_ranking(n, part * discordance / 2, discordance)
    assert low <= power.prob_correct_ranking(n, part * discordance, discordance) + 1e-9
    assert low <= power.prob_correct_ranking(2 * n, part * discordance / 2, discordance) + 1e-9


def test_models_that_never_differ_tie():
    assert power.prob_correct_ranking(10, 0.0, 0.0) == 0.5
    assert power.mcnemar_power(10, 0.0, 0.0) == 0.0


def test_a_gain_above_the_discordance_is_refused():
    with pytest.raises(FoursplitError, match="delta 0.2, discordance 0.1"):
        power.mcnemar_power(100, 0.2, 0.1)
    with pytest.raises(FoursplitError, match="gain of zero"):
        power.required_examples(0.0, 0.1)


@pytest.mark.parametrize(
    ("error", "widths"),
    [
        (0.005, (1.38, 0.44, 0.14, 0.044, 0.014)),
        (0.01, (1.95, 0.62, 0.20, 0.062, 0.020)),
        (0.05, (4.27, 1.35, 0.43, 0.135, 0.043)),
        (0.10, (5.88, 1.86, 0.59, 0.186, 0.059)),
    ],
)
def test_half_widths_are_those_of_the_table(error, widths):
    # 1.96 sqrt(0.1 * 0.9 / 100) = 0.0588.
    for n, points in zip((100, 1000, 10_000, 100_000, 1_000_000), widths, strict=True):
        decimals = 3 if n >= 100_000 else 2
        assert round(100 * power.half_width(error, n), decimals) == points


@pytest.mark.parametrize(("error", "size"), [(0.2, 500), (0.05, 2000), (0.1, 1000), (1.0, 100)])
def test_an_eyeball_set_holds_a_hundred_errors(error, size):
    # Machine Learning Yearning, chapters 17-18: 20 % makes 500 of 5,000, and 5 % makes 2,000.
    assert power.eyeball_size(error) == size


def test_without_errors_there_is_nothing_to_read():
    with pytest.raises(FoursplitError, match="nothing to read"):
        power.eyeball_size(0.0)


def test_the_book_parts_five_thousand_at_one_in_five_into_500_and_4500():
    found = power.recommend_sizes(0.2, 5000, 0.01, 0.02)
    assert (found.eyeball, found.n - found.eyeball) == (500, 4500)


def test_a_hundred_examples_cannot_see_a_gain_of_a_thousandth():
    # 90.0 against 90.1 % (chapter 7): ten thousand have a good chance of ranking them.
    few, many = (power.recommend_sizes(0.1, n, 0.001, 0.002) for n in (100, 10_000))
    assert few.power < 0.001
    assert few.dev == many.dev == 15_696
    assert many.p_right_order > 0.98


@given(
    st.just(0.0) | st.floats(1e-9, 1),
    st.integers(1, 3000),
    st.floats(0.005, 0.3),
    st.floats(0, 1),
)
@settings(max_examples=40, deadline=None)
def test_no_size_is_advised_beyond_what_is_needed(error, n, delta, discordance):
    found = power.recommend_sizes(error, n, delta, discordance)
    assert found.dev == power.required_examples(delta, max(delta, discordance))
    assert 1 <= found.eyeball <= max(n, found.dev)
    assert 1 <= found.train_dev <= max(n, found.dev)
    if error > 0:
        assert found.eyeball <= power.eyeball_size(error)
    assert 0 <= found.power <= 1
    assert {*found.as_json()} >= {"dev", "eyeball", "train_dev", "power"}


def test_a_train_dev_set_is_large_enough_to_see_a_gap_worth_work():
    # At 10 % error a gap of 1 point counts: 1.96^2 * 0.09 / 0.01^2 = 3457.3.
    found = power.recommend_sizes(0.1, 100_000, 0.001, 0.01)
    assert found.train_dev == 3458
    assert power.half_width(0.1, found.train_dev) <= 0.01 < power.half_width(0.1, 3457)


def test_a_dev_set_without_errors_still_gets_advice():
    assert power.recommend_sizes(0.0, 50, 0.01, 0.0).dev == power.required_examples(0.01, 0.01)


@pytest.mark.parametrize("n", [50, 500, 5000])
def test_the_detectable_gain_needs_that_many_examples(n):
    gain = detectable_gain(n)
    assert power.required_examples(gain, 2 * gain) == pytest.approx(n, rel=1e-6)


def test_a_detectable_gain_is_detected_in_four_of_five_trials(rng):
    # Exact McNemar on 1,000 pairs, models that disagree on twice the gain: 3 to 1.
    n, trials = 1000, 400
    gain = detectable_gain(n)
    better, worse = rng.binomial(n, 1.5 * gain, trials), rng.binomial(n, 0.5 * gain, trials)
    is_detected = [
        stats.binomtest(int(b), int(b + w)).pvalue < 0.05
        for b, w in zip(better, worse, strict=True)
        if b + w
    ]
    assert 0.70 < np.sum(is_detected) / trials < 0.88
