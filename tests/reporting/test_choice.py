"""The model selection in the report: reason, ties, cost of bounds, plots."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.schema import ComparisonGroup
from foursplit.diagnosis.selection.model_selection import Candidate, select_model
from foursplit.reporting.plots.axis import log_axis
from foursplit.reporting.plots.candidates import HEIGHT
from foursplit.reporting.tables import choice

GROUP = ComparisonGroup(
    dataset="digits", task="classify", metric="error", bounds={"n_parameters": 1000, "flops": 50}
)


def worse(value, lo, hi, at_most=None):
    return {"value": value, "lo": lo, "hi": hi, "at_most": at_most, "significant": lo > 0}


def row(key, metric, n_parameters=None, flops=1, shortfall=None, meets=True, failed=()):
    return {
        "key": key,
        "metric": metric,
        "costs": {"n_parameters": n_parameters, "flops": flops},
        "meets_bounds": meets,
        "broken": [],
        "worse_than_best": shortfall,
        "failed_seeds": list(failed),
    }


def selection(*rows, winner, best, tied, prices=(), unclear=()):
    return {
        "ranking": rows,
        "winner": winner,
        "best": best,
        "tied": tied,
        "not_distinguished": list(unclear),
        "prices": prices,
    }


TIED = selection(
    row("wide", 0.226, 900),
    row("small", 0.228, 10, shortfall=worse(0.002, -0.001, 0.005, at_most=0.004)),
    row("huge", 0.1, 10**6, meets=False),
    winner="small",
    best="wide",
    tied=["small", "wide"],
    unclear=["small"],
)


def test_the_reason_of_a_tie_broken_by_cost_has_the_bound_and_both_costs():
    text = choice.reason(TIED, GROUP)
    assert text.startswith("wide has the best metric, 22.6%. small (22.8%)")
    assert "worse by at most 0.4%, within the 0.5%" in text
    assert "parameters: 10 against 900" in text
    assert "not distinguish" not in text  # the winner itself is no other candidate


def test_the_reason_of_a_lead_has_its_interval():
    result = selection(
        row("a", 0.1, 5),
        row("b", 0.2, 3, shortfall=worse(0.1, 0.07, 0.13)),
        winner="a",
        best="a",
        tied=["a"],
    )
    text = choice.reason(result, GROUP)
    assert text == "a leads b by 10.0% [7.0%, 13.0%] on the same examples."


def row_b(**how):
    return row("b", 0.11, 9, shortfall=worse(0.01, -0.02, 0.04, at_most=0.035), **how)


def test_whom_dev_does_not_distinguish_from_the_best_is_named_with_the_interval():
    rows = (row("a", 0.1, 50), row_b())
    result = selection(*rows, winner="a", best="a", tied=["a"], unclear=["b"])
    text = choice.reason(result, GROUP)
    assert "not distinguish it from b (worse by 1.0% [−2.0%, 4.0%])" in text
    assert "best number wins" in text


def test_a_failed_seed_is_named():
    rows = (row("a", 0.1, 50), row_b(failed=["seed_2"]))
    result = selection(*rows, winner="a", best="a", tied=["a"], unclear=["b"])
    assert choice.reason(result, GROUP).endswith("b: training failed for seed 2.")


def test_a_best_with_a_failed_seed_gives_way_for_that_and_not_for_its_cost():
    rows = (
        row("a", 0.1, 5, failed=["seed_1"]),
        row("b", 0.101, 9, shortfall=worse(0.001, 0, 0.003, 0.003)),
    )
    result = selection(*rows, winner="b", best="a", tied=["b", "a"])
    text = choice.reason(result, GROUP)
    assert "because none of its seeds failed" in text
    assert "cheapest" not in text


def test_without_a_winner_or_a_comparison_there_is_no_reason():
    none = selection(row("a", 0.1, 5000, meets=False), winner=None, best=None, tied=[])
    assert choice.reason(none, GROUP) == "No experiment meets every bound, so there is no winner."
    assert choice.reason(choice.NO_SELECTION, GROUP) == ""
    assert choice.bound_costs(choice.NO_SELECTION, GROUP) == []
    assert choice.figures(choice.NO_SELECTION, GROUP, "g") == []


def test_the_costs_of_bounds_are_those_of_the_selection():
    rows = [
        Candidate(key="now", metric=0.3, costs={"n_parameters": 5, "flops": 5}),
        Candidate(key="large", metric=0.2, costs={"n_parameters": 5000, "flops": 5}),
    ]
    result = select_model(rows, GROUP.bounds, "minimize")
    assert choice.bound_costs(result, GROUP) == [
        "Without the bound on parameters large would be best, by 10.0%, and win."
    ]
    assert choice.bound_costs(select_model(rows[:1], GROUP.bounds, "minimize"), GROUP) == [
        "Relaxing any one of the bounds would gain nothing."
    ]
    infeasible = select_model(rows[1:], GROUP.bounds, "minimize")
    assert choice.bound_costs(infeasible, GROUP) == [
        "Without the bound on parameters large would win."
    ]


def test_a_bound_cost_within_a_tie_names_the_winner():
    price = {"bound": "flops", "winner": "small", "best": "huge", "metric": 0.1, "gain": 0.126}
    assert choice.bound_costs({**TIED, "prices": [price]}, GROUP) == [
        "Without the bound on FLOPs huge would be best, by 12.6%; small, not worse by more "
        "than 0.5% and cheaper, would still win."
    ]


def test_another_metric_is_no_percentage():
    result = selection(
        row("a", 0.512, 5),
        row("b", 0.6, 3, shortfall=worse(0.088, 0.05, 0.1)),
        winner="a",
        best="a",
        tied=["a"],
    )
    assert "by 0.088 [0.05, 0.1] on" in choice.reason(result, replace(GROUP, metric="log_loss"))


def points(drawing, status):
    """Return the (x, y) of the points of a status, in percent and pixels."""
    matches = re.findall(
        rf'<circle cx="([\d.]+)%" cy="([\d.]+)" r="[\d.]+" class="candidate {status}">',
        str(drawing),
    )
    return [(float(x), float(y)) for x, y in matches]


def test_candidates_are_drawn_at_their_metric_and_cost():
    parameters, flops = choice.figures(TIED, GROUP, "g")
    (winner,), (tied,), (breaks,) = (
        points(parameters.drawing, status) for status in ("winner", "tied", "breaks")
    )
    # 10, 900 and 1,000,000 on a logarithmic axis; up to 1,000 is allowed, right of 900.
    assert winner[0] < tied[0] < breaks[0]
    bound = float(re.search(r'<rect x="0" y="0" width="([\d.]+)%"', str(parameters.drawing))[1])
    assert tied[0] < bound < breaks[0]
    assert tied[0] - winner[0] == pytest.approx((bound - winner[0]) * 1.9542 / 2, abs=0.02)
    # A lower error is drawn lower.
    assert 0 <= winner[1] < tied[1] < breaks[1] <= HEIGHT
    assert "(logarithmic)" in str(parameters.drawing)
    # Equal costs of 1: one horizontal position.
    statuses = ("winner", "tied", "breaks")
    assert len({x for status in statuses for x, _ in points(flops.drawing, status)}) == 1
    assert str(parameters.drawing).count('class="ring"') == 2


def test_the_figure_has_a_text_alternative():
    drawing = str(choice.figures(TIED, GROUP, "g")[0].drawing)
    label = re.search(r'aria-label="([^"]*)"', drawing)[1]
    assert "error on dev over parameters, at most 1,000 allowed" in label
    assert "small: error 22.8%, 10 parameters (winner)" in label
    assert "<title>huge: error 10.0%, 1,000,000 parameters</title>" in drawing


def test_a_candidate_of_unknown_cost_is_named_and_not_drawn():
    result = selection(
        row("a", 0.1, 5),
        row("b", 0.2, 3),
        row("c", 0.3, None),
        winner="a",
        best="a",
        tied=["a"],
    )
    figure = choice.figures(result, GROUP, "g")[0]
    assert figure.unknown_cost == ("c",)
    assert ">c<" not in str(figure.drawing)
    # One candidate alone is no comparison.
    (only,) = choice.figures({**result, "ranking": result["ranking"][::2]}, GROUP, "g")
    assert only.title == "error over FLOPs"


def test_without_bounds_the_parameters_are_shown_and_nothing_is_shaded():
    (figure,) = choice.figures(TIED, replace(GROUP, bounds={}), "g")
    assert "parameters" in figure.title
    assert "allowed" not in str(figure.drawing)


def test_names_of_close_points_do_not_overlap():
    rows = [row(f"m{i}", 0.2 + i * 1e-4, 100 + i) for i in range(5)]
    result = selection(*rows, winner="m0", best="m0", tied=["m0"])
    drawing = str(choice.figures(result, GROUP, "g")[0].drawing)
    lines = sorted(
        float(y) for y, key in re.findall(r'y="([\d.]+)" dx="-?13"[^>]*>(m\d)<', drawing)
    )
    assert len(lines) == 5
    assert min(b - a for a, b in pairwise(lines)) >= 14.9


@given(st.lists(st.floats(1e-3, 1e12), min_size=1, max_size=9))
def test_a_log_axis_spans_its_values(values):
    scale = log_axis(values)
    assert all(-1e-6 <= scale.share(value) <= 1 + 1e-6 for value in values)
    assert 2 <= len(scale.ticks) <= 7
    assert scale.share(scale.low) == 0
    assert scale.share(scale.high) == 1


def test_a_log_axis_has_equal_steps_per_decade():
    scale = log_axis([1.0, 1e4])
    assert [scale.share(10.0**n) for n in range(5)] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
