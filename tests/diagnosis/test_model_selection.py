"""Optimize one number, satisfy the others; a cheaper model wins only if shown not worse."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.ledger import LINKS, MERGED
from foursplit.diagnosis.prediction_table import validate
from foursplit.diagnosis.recommendations.actions import ACTIONS, next_steps
from foursplit.diagnosis.selection.model_selection import Candidate, TieRule, select_model
from foursplit.diagnosis.stats.weighted_confusion import f1_score

TIES = TieRule(alpha=0.05, margin=0.01)


def candidates(**rows):
    return [
        Candidate(key=key, metric=metric, costs={"latency_ms": cost, "n_parameters": cost})
        for key, (metric, cost) in rows.items()
    ]


def table(loss, **columns):
    frame = pd.DataFrame({"example_id": [f"e{i}" for i in range(len(loss))], "loss": loss})
    return validate(frame.assign(**columns), "dev")


def scored(key, loss, **costs):
    return Candidate(key=key, metric=float(np.mean(loss)), costs=costs, table=table(loss))


def wrong(n, *places):
    """Give n losses, of which those in `places` (ranges) are errors."""
    loss = np.zeros(n)
    for place in places:
        loss[list(place)] = 1.0
    return loss


def test_the_most_accurate_within_the_bound_wins():
    # Machine Learning Yearning, chapter 9: 90 % in 80 ms, 92 % in 95 ms, 95 % in 1,500 ms.
    found = select_model(
        candidates(a=(0.90, 80), b=(0.92, 95), c=(0.95, 1500)), {"latency_ms": 100}, "maximize"
    )
    assert found["winner"] == "b"
    assert found["price_of_bounds"] == pytest.approx(0.03)


def test_a_weighted_sum_of_both_would_choose_otherwise():
    # Per cent less half a point a millisecond prefers the fastest, though 95 ms were allowed.
    naive = {"a": 90 - 0.5 * 80, "b": 92 - 0.5 * 95}
    assert max(naive, key=naive.__getitem__) == "a"
    rows = candidates(a=(0.90, 80), b=(0.92, 95))
    assert select_model(rows, {"latency_ms": 100}, "maximize")["winner"] == "b"


def test_nobody_wins_where_nobody_meets_the_bounds():
    found = select_model(candidates(a=(0.1, 80)), {"latency_ms": 10}, "minimize")
    assert found["winner"] is None
    assert found["ranking"][0]["broken"] == ["latency_ms 80 exceeds 10"]


def test_a_cost_that_is_not_known_meets_no_bound():
    rows = [Candidate(key="a", metric=0.1, costs={"flops": None})]
    found = select_model(rows, {"flops": 10}, "minimize")
    assert found["winner"] is None
    assert "not known" in found["ranking"][0]["broken"][0]


def test_ties_go_to_the_smaller_model():
    found = select_model(candidates(a=(0.1, 80), b=(0.1, 20)), {}, "minimize")
    assert found["winner"] == "b"


def near(key, n_wrong, **costs):
    """Score a model on 2,000 examples that differs from its like on two of them at most."""
    return scored(key, wrong(2000, range(n_wrong)), **costs)


def test_a_cheaper_model_shown_not_worse_by_more_than_the_margin_wins():
    # 101 against 100 errors of 2,000, 100 of them the same ones: worse by at most 0.3 %.
    a, b = near("a", 100, n_parameters=900), near("b", 101, n_parameters=30)
    found = select_model([a, b], {}, "minimize", TIES)
    assert (found["best"], found["winner"], found["tied"]) == ("a", "b", ["b", "a"])
    assert found["not_distinguished"] == ["b"]
    row = found["ranking"][1]["worse_than_best"]
    assert row["value"] == pytest.approx(0.0005)
    assert 0.0005 < row["at_most"] < 0.004
    assert found["ranking"][0]["worse_than_best"] is None
    # Without a margin or without ties the best number wins, whatever it costs.
    for rule in (TieRule(alpha=0.05), TieRule(margin=0.01), TieRule()):
        assert select_model([a, b], {}, "minimize", rule)["winner"] == "a"


def test_a_lead_that_may_be_chance_goes_to_the_best_number_and_is_said():
    # 10 against 12 errors of 500, on other examples: the lead may be chance, and b may be worse by
    # 2 points too.  "Not significantly worse" would hand over the cheaper one.
    a = scored("a", wrong(500, range(10)), n_parameters=900)
    b = scored("b", wrong(500, range(20, 32)), n_parameters=30)
    found = select_model([a, b], {}, "minimize", TIES)
    assert (found["best"], found["winner"], found["tied"]) == ("a", "a", ["a"])
    assert found["not_distinguished"] == ["b"]
    row = found["ranking"][1]["worse_than_best"]
    assert row["lo"] < 0 < row["value"] < 0.01 < row["at_most"] < row["hi"]


def test_the_same_two_numbers_are_distinguished_where_the_errors_are_the_same_ones():
    # 20 errors against the same 20 and 10 more: nobody wins a pair but a.  The numbers of examples
    # and of errors alone, whose intervals overlap, would not distinguish 30 and 20 errors of 500.
    a = scored("a", wrong(500, range(20)), n_parameters=900)
    b = scored("b", wrong(500, range(30)), n_parameters=30)
    found = select_model([a, b], {}, "minimize", TIES)
    assert (found["winner"], found["tied"], found["not_distinguished"]) == ("a", ["a"], [])
    assert stats.binomtest(20, 500).proportion_ci().high > 0.06


def test_where_more_is_better_the_difference_is_turned_with_it():
    # Shares of right answers: 1,900, 1,899 and 1,800 of 2,000.
    rows = [
        scored(key, 1 - wrong(2000, range(n)), n_parameters=cost)
        for key, n, cost in (("a", 100, 900), ("b", 101, 30), ("c", 200, 1))
    ]
    found = select_model(rows, {}, "maximize", TIES)
    assert (found["best"], found["winner"], found["tied"]) == ("a", "b", ["b", "a"])
    b, c = (row["worse_than_best"] for row in found["ranking"][1:])
    turned = select_model(
        [near("a", 100, n_parameters=900), near("b", 101, n_parameters=30)], {}, "minimize", TIES
    )
    assert b["at_most"] == pytest.approx(turned["ranking"][1]["worse_than_best"]["at_most"])
    assert c["value"] == pytest.approx(0.05)
    assert c["significant"]


def test_among_ties_the_first_bounds_cost_decides():
    rows = [
        near("small", 100, latency_ms=50, n_parameters=1),
        near("fast", 101, latency_ms=5, n_parameters=99),
    ]
    assert select_model(rows, {"latency_ms": 60}, "minimize", TIES)["winner"] == "fast"
    assert select_model(rows, {"n_parameters": 99}, "minimize", TIES)["winner"] == "small"
    assert select_model(rows, {}, "minimize", TIES)["winner"] == "small"


def test_a_cost_that_is_not_known_counts_as_the_dearest():
    rows = [near("unknown", 100, n_parameters=None), near("known", 101, n_parameters=10**9)]
    assert select_model(rows, {}, "minimize", TIES)["winner"] == "known"


def test_a_candidate_with_a_failed_seed_is_never_preferred():
    best, cheap = near("best", 100, n_parameters=900), near("cheap", 101, n_parameters=30)
    failed = replace(cheap, failed_seeds=("seed_2",))
    found = select_model([best, failed], {}, "minimize", TIES)
    assert (found["winner"], found["tied"]) == ("best", ["best", "cheap"])
    assert found["ranking"][1]["failed_seeds"] == ["seed_2"]
    # Not at equal numbers either, nor where it is the best by a hair; only a better number wins.
    equal = [replace(near("a", 100, n_parameters=1), failed_seeds=("seed_1",)), best]
    assert select_model(equal, {}, "minimize")["winner"] == "best"
    by_a_hair = [replace(best, failed_seeds=("seed_1",)), near("dear", 101, n_parameters=9999)]
    assert select_model(by_a_hair, {}, "minimize", TIES)["winner"] == "dear"
    clear = [replace(best, failed_seeds=("seed_1",)), near("bad", 300, n_parameters=1)]
    assert select_model(clear, {}, "minimize", TIES)["winner"] == "best"


def test_each_bound_has_its_price_with_the_others_kept():
    # a breaks only x, b only y, c both.  Without x a would win, without y b; c needs both gone.
    costs = {"now": (5, 5), "a": (50, 5), "b": (5, 50), "c": (50, 50)}
    errors = {"now": 0.30, "a": 0.20, "b": 0.25, "c": 0.01}
    rows = [
        Candidate(key=key, metric=errors[key], costs={"x": x, "y": y})
        for key, (x, y) in costs.items()
    ]
    found = select_model(rows, {"x": 10, "y": 10}, "minimize")
    assert [(p["bound"], p["winner"], p["metric"]) for p in found["prices"]] == [
        ("x", "a", 0.20),
        ("y", "b", 0.25),
    ]
    assert [p["gain"] for p in found["prices"]] == [pytest.approx(0.10), pytest.approx(0.05)]
    assert found["price_of_bounds"] == pytest.approx(0.29)


def test_a_bound_whose_relaxing_would_bring_a_mere_tie_keeps_the_winner():
    now, dear = near("now", 101, x=5), near("dear", 100, x=50)
    (price,) = select_model([now, dear], {"x": 10}, "minimize", TIES)["prices"]
    assert (price["best"], price["metric"], price["winner"]) == ("dear", 0.05, "now")
    assert price["gain"] == pytest.approx(0.0005)


def test_where_nothing_meets_the_bounds_a_price_says_who_would():
    found = select_model(candidates(a=(0.1, 80)), {"latency_ms": 10}, "minimize")
    assert found["prices"] == [
        {"bound": "latency_ms", "winner": "a", "best": "a", "metric": 0.1, "gain": None}
    ]


def test_four_candidates_of_a_phone():
    # At most 10 s and 10 MB; accuracy, seconds, megabytes.
    rows = [
        Candidate(key=key, metric=metric, costs={"seconds": seconds, "megabytes": size})
        for key, metric, seconds, size in [
            ("A", 0.97, 1, 3),
            ("B", 0.99, 13, 9),
            ("C", 0.97, 3, 2),
            ("D", 0.98, 9, 9),
        ]
    ]
    found = select_model(rows, {"seconds": 10, "megabytes": 10}, "maximize")
    assert found["winner"] == "D"
    assert [(p["winner"], p["gain"]) for p in found["prices"]] == [
        ("B", pytest.approx(0.01)),
        ("D", 0.0),
    ]


def test_a_wake_word_misses_least_within_one_false_alarm_a_day():
    rows = [
        Candidate(key=key, metric=missed, costs={"alarms_a_day": alarms})
        for key, missed, alarms in [("eager", 0.01, 7), ("fair", 0.04, 1), ("shy", 0.2, 0)]
    ]
    assert select_model(rows, {"alarms_a_day": 1}, "minimize")["winner"] == "fair"


def test_the_mean_over_four_markets_is_one_number():
    markets = {
        "A": (3, 7, 5, 9), "B": (5, 6, 5, 10), "C": (2, 3, 4, 5),
        "D": (5, 8, 7, 2), "E": (4, 5, 2, 4), "F": (7, 11, 8, 12),
    }  # fmt: skip
    rows = [
        Candidate(key=key, metric=float(np.mean(errors)) / 100, costs={})
        for key, errors in markets.items()
    ]
    found = select_model(rows, {}, "minimize")
    assert [row["key"] for row in found["ranking"]] == ["C", "E", "D", "A", "B", "F"]
    assert [row["metric"] for row in found["ranking"]] == pytest.approx(
        [0.035, 0.0375, 0.055, 0.06, 0.065, 0.095]
    )


def test_f1_chooses_where_the_mean_would_choose_a_useless_model():
    # The third says yes to nearly everything.
    rates = {"first": (0.5, 0.4), "second": (0.7, 0.1), "third": (0.02, 1.0)}

    def chosen(mean):
        rows = [Candidate(key=k, metric=mean(p, r), costs={}) for k, (p, r) in rates.items()]
        return select_model(rows, {}, "maximize")["winner"]

    assert chosen(f1_score) == "first"
    assert chosen(lambda p, r: (p + r) / 2) == "third"


LOSSES = st.lists(
    st.lists(st.sampled_from([0.0, 1.0]), min_size=30, max_size=30), min_size=1, max_size=5
)
WIDE = TieRule(alpha=0.05, margin=0.3)  # so wide that thirty examples show some ties
COSTS = st.integers(1, 6)


def drawn(losses, costs):
    return [
        scored(f"m{i}", np.array(loss), n_parameters=cost)
        for i, (loss, cost) in enumerate(zip(losses, costs, strict=False))
    ]


@given(LOSSES, st.lists(COSTS, min_size=5, max_size=5), COSTS)
@settings(max_examples=40, deadline=None)
def test_laws_of_choice(losses, costs, limit):
    rows, bounds = drawn(losses, costs), {"n_parameters": limit}
    found = select_model(rows, bounds, "minimize", WIDE)
    able = [c for c in rows if c.costs["n_parameters"] <= limit]
    if not able:
        assert found["winner"] is None
        return
    assert found["best"] in found["tied"]
    assert found["winner"] in found["tied"]
    best = min(c.metric for c in able)
    assert next(c.metric for c in able if c.key == found["best"]) == best
    cheapest = min(c.costs["n_parameters"] for c in able if c.key in found["tied"])
    assert next(c for c in able if c.key == found["winner"]).costs["n_parameters"] == cheapest
    assert all(price["gain"] >= 0 for price in found["prices"])
    assert found["price_of_bounds"] >= 0


@given(LOSSES, st.lists(COSTS, min_size=5, max_size=5), COSTS, st.randoms())
@settings(max_examples=20, deadline=None)
def test_the_order_of_candidates_changes_nothing(losses, costs, limit, random):
    rows, bounds = drawn(losses, costs), {"n_parameters": limit}
    shuffled = random.sample(rows, len(rows))
    assert select_model(shuffled, bounds, "minimize", WIDE) == select_model(
        rows, bounds, "minimize", WIDE
    )


@given(LOSSES, st.lists(COSTS, min_size=5, max_size=5), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_a_candidate_that_breaks_a_bound_changes_nothing_of_the_choice(losses, costs, metric):
    rows, bounds = drawn(losses, costs), {"n_parameters": 6}
    outside = Candidate(key="x", metric=metric, costs={"n_parameters": 7}, table=rows[0].table)
    one, other = (select_model(c, bounds, "minimize", WIDE) for c in (rows, [*rows, outside]))
    for name in ("winner", "best", "tied", "not_distinguished"):
        assert other[name] == one[name]
    assert [row for row in other["ranking"] if row["key"] != "x"] == one["ranking"]


def test_candidates_of_other_examples_are_no_candidates():
    rows = [scored("a", wrong(50, range(9)), x=1), scored("b", wrong(60, range(9)), x=1)]
    with pytest.raises(FoursplitError, match="hold different examples"):
        select_model(rows, {}, "minimize", WIDE)


def test_an_unknown_direction_is_refused():
    with pytest.raises(FoursplitError, match="direction 'up'.*maximize, minimize"):
        select_model([], {}, "up")


def test_every_gap_has_an_action_and_a_rule_to_stop():
    assert {*LINKS, MERGED, "human_or_desired"} <= set(ACTIONS)


def test_steps_are_ranked_by_what_they_can_gain():
    steps = next_steps(
        ("variance", "mismatch"), ("human_or_desired",), {"variance": 0.1, "mismatch": 0.2}
    )
    assert [step["link"] for step in steps] == ["mismatch", "variance", "human_or_desired"]
    assert [step["rank"] for step in steps] == [1, 2, 3]


def test_where_nothing_stands_out_the_advice_says_so():
    assert next_steps((), (), {})[0]["link"] == "none"
