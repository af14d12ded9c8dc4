"""The choice in words and figures: ties, prices, and where a candidate stands."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.schema import Group
from foursplit.diagnosis.selection.model_selection import Candidate, choose
from foursplit.reporting.plots.axis import log_axis
from foursplit.reporting.plots.candidates import HEIGHT
from foursplit.reporting.tables import choice

GROUP = Group(
    source="digits", task="classify", metric="error", bounds={"n_parameters": 1000, "flops": 50}
)


def row(key, metric, n_parameters=None, flops=1, chance=None, meets=True):
    return {
        "key": key,
        "metric": metric,
        "costs": {"n_parameters": n_parameters, "flops": flops},
        "meets_bounds": meets,
        "broken": [],
        "p_better_than_best": chance,
    }


def chosen(*rows, winner, best, tied, prices=()):
    return {"ranking": rows, "winner": winner, "best": best, "tied": tied, "prices": prices}


TIED = chosen(
    row("wide", 0.226, 900),
    row("small", 0.251, 10, chance=0.058),
    row("huge", 0.1, 10**6, meets=False),
    winner="small",
    best="wide",
    tied=["small", "wide"],
)


def test_a_tie_broken_by_cost_is_told_with_both_numbers_and_both_costs():
    said = choice.lead(TIED, GROUP)
    assert said.startswith("wide has the best number, 22.6%, but 2 candidates are tied: small (25")
    assert "a chance of 5.8%" in said
    assert "parameters: 10 against 900" in said


def test_a_clear_lead_is_told_with_its_chance():
    made = chosen(
        row("a", 0.1, 5), row("b", 0.2, 3, chance=0.002), winner="a", best="a", tied=["a"]
    )
    assert choice.lead(made, GROUP) == (
        "a leads b by 10.0% on the same examples; the chance that it is truly worse is 0.2%."
    )


def test_the_best_may_be_the_cheapest_of_the_tied_too():
    made = chosen(
        row("a", 0.1, 5), row("b", 0.11, 9, chance=0.4), winner="a", best="a", tied=["a", "b"]
    )
    assert "cannot tell from it (tied: b)" in choice.lead(made, GROUP)


def test_where_nobody_is_chosen_or_compared_nothing_is_claimed():
    none = chosen(row("a", 0.1, 5000, meets=False), winner=None, best=None, tied=[])
    assert choice.lead(none, GROUP) == "No experiment meets every bound, so none is chosen."
    assert choice.lead(choice.NOTHING, GROUP) == ""
    assert choice.prices(choice.NOTHING, GROUP) == []
    assert choice.figures(choice.NOTHING, GROUP, "g") == []


def test_prices_in_words_are_those_of_the_choice():
    rows = [
        Candidate(key="now", metric=0.3, costs={"n_parameters": 5, "flops": 5}),
        Candidate(key="large", metric=0.2, costs={"n_parameters": 5000, "flops": 5}),
    ]
    made = choose(rows, GROUP.bounds, "minimize")
    assert choice.prices(made, GROUP) == [
        "Without the bound on parameters large would be best, by 10.0%, and win."
    ]
    assert choice.prices(choose(rows[:1], GROUP.bounds, "minimize"), GROUP) == [
        "Relaxing any one of the bounds would gain nothing."
    ]
    nobody = choose(rows[1:], GROUP.bounds, "minimize")
    assert choice.prices(nobody, GROUP) == ["Without the bound on parameters large would win."]


def test_a_price_that_is_a_mere_tie_says_who_still_wins():
    price = {"bound": "flops", "winner": "small", "best": "huge", "metric": 0.1, "gain": 0.126}
    assert choice.prices({**TIED, "prices": [price]}, GROUP) == [
        "Without the bound on FLOPs huge would be best, by 12.6%; small, tied with it and cheaper, "
        "would still win."
    ]


def test_another_metric_is_no_percentage():
    made = chosen(
        row("a", 0.512, 5), row("b", 0.6, 3, chance=0.0), winner="a", best="a", tied=["a"]
    )
    assert "by 0.088 on" in choice.lead(made, replace(GROUP, metric="log_loss"))


def places(drawing, kind):
    """Give the (x, y) of the points of a kind, in percent and pixels."""
    found = re.findall(
        rf'<circle cx="([\d.]+)%" cy="([\d.]+)" r="[\d.]+" class="candidate {kind}">', str(drawing)
    )
    return [(float(x), float(y)) for x, y in found]


def test_candidates_stand_where_their_numbers_put_them():
    parameters, flops = choice.figures(TIED, GROUP, "g")
    (winner,), (tied,), (breaks,) = (
        places(parameters.drawing, kind) for kind in ("winner", "tied", "breaks")
    )
    # 10, 900 and 1,000,000 over decades; 1,000 is allowed, right of 900.
    assert winner[0] < tied[0] < breaks[0]
    bound = float(re.search(r'<rect x="0" y="0" width="([\d.]+)%"', str(parameters.drawing))[1])
    assert tied[0] < bound < breaks[0]
    assert tied[0] - winner[0] == pytest.approx((bound - winner[0]) * 1.9542 / 2, abs=0.02)
    # A lower error stands lower.
    assert 0 <= winner[1] < tied[1] < breaks[1] <= HEIGHT
    assert "(logarithmic)" in str(parameters.drawing)
    # A cost of 1 each: all at one place across.
    kinds = ("winner", "tied", "breaks")
    assert len({x for kind in kinds for x, _ in places(flops.drawing, kind)}) == 1
    assert str(parameters.drawing).count('class="ring"') == 2


def test_the_figure_says_in_words_what_it_shows():
    drawing = str(choice.figures(TIED, GROUP, "g")[0].drawing)
    label = re.search(r'aria-label="([^"]*)"', drawing)[1]
    assert "error on dev over parameters, at most 1,000 allowed" in label
    assert "small: error 25.1%, 10 parameters (winner)" in label
    assert "<title>huge: error 10.0%, 1,000,000 parameters</title>" in drawing


def test_a_cost_that_is_not_known_is_named_and_not_drawn():
    made = chosen(
        row("a", 0.1, 5), row("b", 0.2, 3, chance=0.0), row("c", 0.3, None, chance=0.0),
        winner="a", best="a", tied=["a"],
    )  # fmt: skip
    figure = choice.figures(made, GROUP, "g")[0]
    assert figure.not_known == ("c",)
    assert ">c<" not in str(figure.drawing)
    # One candidate alone is no comparison.
    (only,) = choice.figures({**made, "ranking": made["ranking"][::2]}, GROUP, "g")
    assert only.title == "error over FLOPs"


def test_without_bounds_the_parameters_are_shown_and_nothing_is_shaded():
    (figure,) = choice.figures(TIED, replace(GROUP, bounds={}), "g")
    assert "parameters" in figure.title
    assert "allowed" not in str(figure.drawing)


def test_names_of_points_close_together_do_not_cover_each_other():
    rows = [row(f"m{i}", 0.2 + i * 1e-4, 100 + i, chance=0.5) for i in range(5)]
    made = chosen(*rows, winner="m0", best="m0", tied=["m0"])
    drawing = str(choice.figures(made, GROUP, "g")[0].drawing)
    lines = sorted(
        float(y) for y, key in re.findall(r'y="([\d.]+)" dx="-?13"[^>]*>(m\d)<', drawing)
    )
    assert len(lines) == 5
    assert min(b - a for a, b in pairwise(lines)) >= 14.9


@given(st.lists(st.floats(1e-3, 1e12), min_size=1, max_size=9))
def test_an_axis_of_decades_spans_its_values(values):
    scale = log_axis(values)
    assert all(-1e-6 <= scale.share(value) <= 1 + 1e-6 for value in values)
    assert 2 <= len(scale.ticks) <= 7
    assert scale.share(scale.low) == 0
    assert scale.share(scale.high) == 1


def test_an_axis_of_decades_has_equal_steps_a_decade():
    scale = log_axis([1.0, 1e4])
    assert [scale.share(10.0**n) for n in range(5)] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
