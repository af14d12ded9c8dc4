"""What a perfect part would give: laws, worked cases and an independent bootstrap."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from foursplit.core.errors import Refusal
from foursplit.strategy.ceiling import (
    Sampling,
    attribute,
    ceiling,
    components,
    error_types,
    mean,
    reinforcement,
    search_or_objective,
)

QUICK = Sampling(resamples=200)


def losses(*rates, n=1000):
    """Give 0/1 losses at each rate, each wrong where the next lower is."""
    return [(np.arange(n) < round(n * rate)).astype(float) for rate in rates]


def lattice(rng, names, n=40):
    """Give random losses for every set of perfect components."""
    sets = [frozenset(c) for k in range(len(names) + 1) for c in combinations(names, k)]
    return {s: rng.random(n) for s in sets}


def f1_error(counts, weight):
    """Give one less F1 from (example, [hit, false alarm, miss])."""
    hit, alarm, miss = weight @ counts
    return 1 - 2 * hit / max(2 * hit + alarm + miss, 1e-300)


def test_the_ceiling_is_the_error_that_goes(rng):
    before, after = losses(0.30, 0.24)
    found = ceiling(mean, before, after, np.arange(1000), rng)
    assert (found.before, found.after) == (0.30, 0.24)
    assert found.value == pytest.approx(0.06)
    assert 0.03 < found.lo < 0.06 < found.hi < 0.09


def test_the_interval_is_that_of_a_paired_bootstrap(rng):
    before = rng.exponential(size=200)
    after = before * rng.random(200)
    found = ceiling(mean, before, after, np.arange(200), rng, Sampling(resamples=4000))
    other = stats.bootstrap(
        (before - after,), np.mean, n_resamples=4000, method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    assert found.lo == pytest.approx(other.low, rel=0.03)
    assert found.hi == pytest.approx(other.high, rel=0.03)


def test_an_unpaired_comparison_would_be_far_less_sure(rng):
    before, after = losses(0.30, 0.28)
    found = ceiling(mean, before, after, np.arange(1000), rng)
    unpaired = 1.96 * np.sqrt(0.3 * 0.7 / 1000 + 0.28 * 0.72 / 1000)
    assert found.lo > 0
    assert 0.02 - unpaired < 0


def test_rows_of_one_group_count_as_one(rng):
    before, after = rng.random(30), np.zeros(30)
    once = ceiling(mean, before, after, np.arange(30), rng)
    many = ceiling(mean, np.repeat(before, 10), np.repeat(after, 10), np.repeat(range(30), 10), rng)
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
        for metric in (mean, slow)
    )
    assert one.lo == pytest.approx(other.lo)
    assert one.hi == pytest.approx(other.hi)


def test_no_change_at_all_is_not_certainty(rng):
    same = losses(0.3, n=100)[0]
    found = ceiling(mean, same, same, np.arange(100), rng)
    assert found.value == found.lo == 0
    assert found.hi == pytest.approx(0.03, abs=0.005)  # three in n


def test_very_many_groups_are_drawn_as_normal(rng):
    before = rng.exponential(size=25_000)
    after = before * rng.random(25_000)
    found = ceiling(mean, before, after, np.arange(25_000), rng)
    half = 1.96 * np.std(before - after) / np.sqrt(25_000)
    assert found.hi - found.lo == pytest.approx(2 * half, rel=0.1)


def test_one_group_gives_no_interval(rng):
    found = ceiling(mean, np.ones(5), np.zeros(5), np.zeros(5, dtype=int), rng)
    assert (found.value, found.lo, found.hi) == (1.0, None, None)


def test_the_order_of_rows_changes_nothing(rng):
    before, after, groups = rng.random(60), rng.random(60), np.repeat(np.arange(20), 3)
    order = rng.permutation(60)
    one = ceiling(mean, before, after, groups, np.random.default_rng(1))
    other = ceiling(mean, before[order], after[order], groups[order], np.random.default_rng(1))
    assert one.lo == pytest.approx(other.lo)
    assert one.value == pytest.approx(other.value)


FACE = ("background", "face", "eyes", "nose", "mouth", "logistic")


def test_the_face_pipeline_is_worth_a_better_face_detector(rng):
    # Ng (2011): accuracy 85, then 85.1, 91, 95, 96, 97 and 100 % from left to right.
    rates = losses(0.15, 0.149, 0.09, 0.05, 0.04, 0.03, 0.0)
    given_losses = {frozenset(FACE[:k]): rate for k, rate in enumerate(rates)}
    found = components(given_losses, FACE, np.arange(1000), rng)
    gains = [part.cumulative.value for part in found]
    assert gains == pytest.approx([0.001, 0.059, 0.04, 0.01, 0.01, 0.03])
    assert max(found, key=lambda part: part.cumulative.value).component == "face"
    assert found[0].cumulative.hi < 0.005  # no 18 months on the background
    assert found[0].shapley is None
    assert "perfect" in found[0].missing


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(0, 10**6))
def test_both_ways_of_sharing_add_up_to_the_whole_gain(n_parts, seed):
    rng = np.random.default_rng(seed)
    names = list("abcd")[:n_parts]
    table = lattice(rng, names)
    found = components(table, names, np.arange(40), rng, QUICK)
    whole = mean(table[frozenset()], np.ones(40)) - mean(table[frozenset(names)], np.ones(40))
    assert sum(part.cumulative.value for part in found) == pytest.approx(whole, abs=1e-12)
    assert sum(part.shapley.value for part in found) == pytest.approx(whole, abs=1e-12)


def test_a_shapley_value_is_the_mean_over_all_orders(rng):
    names = ["a", "b", "c"]
    table = lattice(rng, names)
    found = {p.component: p.shapley.value for p in components(table, names, np.arange(40), rng)}
    walks = {name: [] for name in names}
    for order in permutations(names):
        for k, name in enumerate(order):
            before, after = table[frozenset(order[:k])], table[frozenset(order[: k + 1])]
            walks[name].append(before.mean() - after.mean())
    for name in names:
        assert found[name] == pytest.approx(np.mean(walks[name]))


def test_order_matters_to_the_walk_and_not_to_the_shapley_value():
    # Either of two parts alone puts everything right: the first in line takes it all.
    rng = np.random.default_rng(1)
    table = {s: np.zeros(50) for s in lattice(rng, ["a", "b"])} | {frozenset(): np.ones(50)}
    for order in (["a", "b"], ["b", "a"]):
        found = components(table, order, np.arange(50), rng, QUICK)
        assert [part.cumulative.value for part in found] == [1.0, 0.0]
        assert [part.shapley.value for part in found] == [0.5, 0.5]


def test_a_walk_with_a_step_missing_is_refused(rng):
    table = {frozenset(): np.ones(5), frozenset({"a", "b"}): np.zeros(5)}
    with pytest.raises(Refusal, match="perfect a"):
        components(table, ["a", "b"], np.arange(5), rng)


def test_the_cat_pipeline_fails_at_its_detector():
    # Machine Learning Yearning, chapters 53-54: of 100 errors a perfect box mends 90.
    wrong = np.r_[np.ones(100), np.zeros(900)]
    boxed = np.r_[np.zeros(90), np.ones(10), np.zeros(900)]
    found = attribute({frozenset(): wrong, frozenset({"detector"}): boxed}, ["detector", "breed"])
    assert found.counts == {"detector": 90, "breed": 10}
    assert found.shares == {"detector": 0.9, "breed": 0.1}
    assert found.of_example[95] == "breed"
    assert found.of_example[500] == ""


def test_an_error_that_two_parts_could_mend_goes_to_the_first():
    table = {frozenset(): np.ones(1), frozenset("a"): np.zeros(1), frozenset("b"): np.zeros(1)}
    assert attribute(table, ["a", "b", "c"]).counts == {"a": 1, "b": 0, "c": 0}
    assert attribute(table, ["b", "a", "c"]).counts == {"a": 0, "b": 1, "c": 0}


@given(st.integers(0, 10**6))
def test_every_error_has_one_part(seed):
    rng = np.random.default_rng(seed)
    table = {s: (x < 0.5).astype(float) for s, x in lattice(rng, ["a", "b", "c"]).items()}
    found = attribute(table, ["a", "b", "c"])
    assert sum(found.counts.values()) == table[frozenset()].sum()


def test_ninety_five_of_a_hundred_errors_lie_with_the_objective(rng):
    # Machine Learning Yearning, chapter 44: a better search would mend 5 % of the errors at most.
    truth = np.r_[np.full(5, -1.0), np.full(95, -3.0)]  # log-probabilities
    found = search_or_objective(truth, np.full(100, -2.0), 0.2, np.arange(100), rng)
    assert found.share.value == 0.05
    assert found.gain_of_first == pytest.approx(0.01)
    assert found.gain_of_first + found.gain_of_second == pytest.approx(0.2)
    assert found.work_on == "objective"


def test_one_sentence_decides_for_itself_and_for_no_other(rng):
    # "I love robots" for "I love machine learning": the truth scores higher, so the search failed.
    found = search_or_objective(np.array([-1.0]), np.array([-2.0]), 1.0, np.arange(1), rng)
    assert found.share.value == 1.0
    many = search_or_objective(np.full(50, -1.0), np.full(50, -2.0), 1.0, np.arange(50), rng)
    assert many.work_on == "search"


def test_equal_scores_are_not_the_fault_of_the_search(rng):
    found = search_or_objective(np.zeros(40), np.zeros(40), 1.0, np.arange(40), rng)
    assert found.work_on == "objective"


def test_a_helicopter_that_people_outscore_needs_a_better_algorithm(rng):
    # Machine Learning Yearning, chapters 45-46; a crash costs 1,000.
    people, learnt = np.full(30, -20.0), np.r_[np.full(10, -1000.0), np.full(20, -90.0)]
    assert reinforcement(people, learnt, np.arange(30), rng).work_on == "algorithm"
    assert reinforcement(people, np.full(30, -5.0), np.arange(30), rng).work_on == "reward"


def test_half_and_half_decides_nothing(rng):
    people = np.r_[np.full(15, 1.0), np.full(15, -1.0)]
    assert reinforcement(people, np.zeros(30), np.arange(30), rng).work_on is None


def test_types_of_detection_errors_are_ranked_and_need_not_add_up(rng):
    before, boxes, classes = losses(0.4, 0.1, 0.2)
    found = error_types(before, {"class": classes, "box": boxes}, np.arange(1000), rng)
    assert list(found) == ["box", "class"]
    assert [c.value for c in found.values()] == pytest.approx([0.3, 0.2])
    assert sum(c.value for c in found.values()) > 0.4  # more than all the error there is


def test_what_is_not_of_the_same_examples_is_refused(rng):
    with pytest.raises(Refusal, match="same examples"):
        ceiling(mean, np.ones(5), np.ones(4), np.arange(5), rng)
    with pytest.raises(Refusal, match="no errors"):
        search_or_objective(np.zeros(0), np.zeros(0), 0.1, np.zeros(0), rng)
