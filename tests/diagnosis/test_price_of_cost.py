"""A group that declares a price of cost gets the candidate with the lowest expected loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.schema import ComparisonGroup
from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.selection.model_selection import Candidate, TieRule, select_model
from foursplit.evaluation.group_choices import check_group


def candidate(key, metric, n, **more):
    return Candidate(key=key, metric=metric, costs={"n_parameters": n}, **more)


def chosen(candidates, price, direction="minimize", bounds=None):
    rule = TieRule(price={"n_parameters": price} if price is not None else {})
    return select_model(candidates, bounds or {}, direction, rule)


def test_a_thousand_parameters_are_worth_a_point_of_error():
    rows = [candidate("small", 0.12, 1_000), candidate("large", 0.10, 4_000)]
    assert chosen(rows, None)["winner"] == "large"
    assert chosen(rows, 0.01 / 1000)["winner"] == "small"  # 0.13 against 0.14
    assert chosen(rows, 0.005 / 1000)["winner"] == "large"  # 0.125 against 0.12
    row = chosen(rows, 0.01 / 1000)["ranking"][0]
    assert row["key"] == "large"
    assert row["expected_loss"] == pytest.approx(0.14)


def test_where_more_is_better_the_price_is_taken_off():
    rows = [candidate("small", 0.88, 1_000), candidate("large", 0.90, 4_000)]
    assert chosen(rows, 0.01 / 1000, "maximize")["winner"] == "small"


def test_one_of_unknown_cost_or_with_a_failed_seed_is_never_preferred():
    rows = [candidate("unknown", 0.01, None), candidate("known", 0.2, 10)]
    assert chosen(rows, 1e-6)["winner"] == "known"
    rows = [candidate("failed", 0.01, 1, failed_seeds=("seed_2",)), candidate("sound", 0.2, 10)]
    assert chosen(rows, 1e-6)["winner"] == "sound"


def test_a_bound_holds_whatever_the_price():
    rows = [candidate("large", 0.01, 100), candidate("small", 0.2, 10)]
    assert chosen(rows, 1e-9, bounds={"n_parameters": 50})["winner"] == "small"


RATES = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 10**6)), min_size=1, max_size=6)


@given(RATES, st.floats(1e-9, 1e-3))
def test_no_candidate_has_a_lower_expected_loss_than_the_winner(rows, price):
    found = chosen([candidate(f"c{k}", *row) for k, row in enumerate(rows)], price)
    losses = {row["key"]: row["expected_loss"] for row in found["ranking"]}
    assert losses[found["winner"]] == min(losses.values())


@given(RATES, st.floats(1e-9, 1e-5), st.floats(1, 100))
def test_a_higher_price_never_buys_a_dearer_model(rows, price, factor):
    rows = [candidate(f"c{k}", *row) for k, row in enumerate(rows)]
    sizes = {row.key: row.costs["n_parameters"] for row in rows}
    low, high = (chosen(rows, price * by)["winner"] for by in (1, factor))
    assert sizes[high] <= sizes[low] or sizes[high] == pytest.approx(sizes[low])


def test_a_price_of_something_not_measured_is_an_error_that_names_the_choices():
    group = ComparisonGroup(dataset="wine", task="classify", metric="error", price={"seconds": 0.1})
    with pytest.raises(FoursplitError, match=r"group wine.*seconds.*n_parameters"):
        check_group("wine", group)


def test_a_negative_price_is_an_error():
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        ComparisonGroup(dataset="wine", task="classify", metric="error", price={"flops": -1.0})
