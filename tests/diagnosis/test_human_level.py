"""The lowest human error is the reference."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.analysis import analyse
from foursplit.diagnosis.decomposition.human_level import (
    best,
    choice_matters,
    choose,
    soft_label_bayes,
)
from foursplit.diagnosis.prediction_table import Model, check
from foursplit.diagnosis.stats.bootstrap import estimate
from foursplit.diagnosis.steps import Settings


@pytest.mark.parametrize(
    ("levels", "who", "value"),
    [
        # Machine Learning Yearning, chapter 34.
        ({"person": 0.15, "junior": 0.10, "expert": 0.05, "team": 0.02}, "team", 0.02),
        # DLS C3 W1: typical person, doctor, experienced doctor, team.
        ({"person": 0.03, "doctor": 0.01, "expert": 0.007, "team": 0.005}, "team", 0.005),
        # Two experts and two others; then a team of experts as well.
        ({"a": 0.003, "b": 0.005, "c": 0.010, "d": 0.012}, "a", 0.003),
        ({"a": 0.003, "b": 0.005, "c": 0.010, "d": 0.012, "team": 0.001}, "team", 0.001),
    ],
)
def test_the_best_of_people_is_the_reference(levels, who, value):
    found = best(levels)
    assert (found.who, found.value) == (who, value)
    assert best(dict(reversed(levels.items()))) == found


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 1), min_size=1))
def test_the_reference_is_the_least_and_another_level_moves_it_only_downwards(levels):
    found = best(levels)
    assert found.value == min(levels.values()) == levels[found.who]
    assert best({**levels, "more": 0.5}).value <= max(found.value, 0.5)
    assert best({**levels, "perfect": 0.0}).value == 0.0


def test_a_product_may_aim_at_another_level():
    assert "person's" in best({"person": 0.03, "team": 0.005}).note
    assert "product" not in best({"team": 0.005}).note


def test_far_from_human_level_the_choice_hardly_matters():
    # Machine Learning Yearning, chapter 34: 10 % or 5 % at a system error of 40 %, and of 10 %.
    assert not choice_matters(0.10, 0.05, 0.40)
    assert choice_matters(0.10, 0.05, 0.10)


@pytest.mark.parametrize(
    ("levels", "problem"), [({}, "at least one"), ({"a": 15.0}, "'a'"), ({"a": -0.1}, "'a'")]
)
def test_levels_that_are_no_errors_are_refused(levels, problem):
    with pytest.raises(FoursplitError, match=problem):
        best(levels)


def test_soft_labels_leave_the_share_that_disagrees():
    # One less .9, one less .6, one less 1: a mean of .5 / 3.
    found = soft_label_bayes(np.array([[0.9, 0.1], [0.4, 0.6], [1.0, 0.0]]))
    assert found.value == pytest.approx(0.5 / 3)
    assert "upward" in found.warning


def test_slips_make_the_estimate_too_high_and_few_votes_too_low(rng):
    true = np.tile([0.7, 0.3], (4000, 1))  # least error possible: 0.3
    slips = true * 0.8 + 0.1  # one vote in five is cast blindly
    assert soft_label_bayes(slips).value > 0.3
    votes = rng.multinomial(3, true) / 3
    few = soft_label_bayes(votes, n_annotators=3)
    assert few.value < 0.28
    assert "3 votes" in few.warning


@pytest.mark.parametrize("shares", [np.ones((2, 2)), np.array([0.5, 0.5]), np.zeros((0, 2))])
def test_what_is_no_share_is_refused(shares):
    with pytest.raises(FoursplitError, match="shares of votes"):
        soft_label_bayes(shares)


def measured(losses, weight, groups):
    return estimate(losses, weight, groups, np.random.default_rng(1), resamples=500,
                    confidence=0.95)  # fmt: skip


def labelled(**columns):
    n = len(next(iter(columns.values())))
    frame = {"example_id": [f"d{k}" for k in range(n)], "loss": np.zeros(n)}
    return check(pd.DataFrame({**frame, **columns}), "dev")


def test_of_levels_given_by_name_the_lowest_is_taken_and_all_are_told():
    found = choose({"person": 0.03, "doctor": 0.01, "team": 0.005}, None, None, measured)
    told = found.as_json()
    assert (told["who"], told["where"]) == ("team", "given")
    assert [(row["who"], row["value"], row["taken"]) for row in told["levels"]] == [
        ("person", 0.03, False), ("doctor", 0.01, False), ("team", 0.005, True),
    ]  # fmt: skip
    assert "person's" in told["why"]


def test_of_annotators_the_best_is_taken_each_by_what_he_labelled():
    one = np.where(np.arange(200) < 100, (np.arange(200) < 8) * 1.0, np.nan)  # 8 of 100
    two = (np.arange(200) < 4) * 1.0  # 4 of 200
    found = choose(None, 0.5, labelled(**{"human_loss.one": one, "human_loss.two": two}), measured)
    assert (found.taken.who, found.taken.error.value) == ("two", 0.02)
    assert found.taken.error.lo < 0.02 < found.taken.error.hi
    levels = {row["who"]: (row["value"], row["n"]) for row in found.as_json()["levels"]}
    assert levels == {"one": (0.08, 100), "two": (0.02, 200), "desired": (0.5, 0)}
    assert "flatters itself" in found.why


def test_given_levels_go_before_measured_ones_and_those_before_what_is_desired():
    dev = labelled(human_loss=np.zeros(50))
    assert choose(0.02, 0.5, dev, measured).taken.where == "given"
    assert choose(None, 0.5, dev, measured).taken.where == "human_loss on dev"
    assert choose(None, 0.5, None, measured).taken.where == "desired"
    assert choose(None, None, labelled(x=np.zeros(3)), measured) is None


def test_the_annotator_that_was_taken_stands_for_people_by_domain():
    n = 200
    tables = {
        split: check(
            pd.DataFrame({
                "example_id": [f"{split}{k}" for k in range(n)], "domain": domain,
                "loss": (np.arange(n) < wrong) * 1.0,
                "human_loss.team": (np.arange(n) < people) * 1.0,
            }),
            split,
        )
        for split, domain, wrong, people in (
            ("train_dev", "web", 10, 4), ("dev", "phone", 40, 20),
        )
    }  # fmt: skip
    given = analyse([Model(tables=tables)], Settings(human_error=0.01))
    told = analyse([Model(tables=tables)], Settings())
    (parted,) = told["table2d"]["adjusted"]
    assert given["table2d"]["adjusted"] == [parted]  # the level for bias is another matter
    assert (parted["general"], parted["target"]) == ("web", "phone")
    assert parted["intrinsic_difficulty"] == pytest.approx(0.08)  # 2 to 10 %
    assert parted["model_specific"] == pytest.approx(0.07)  # of 15 points in all


@pytest.mark.parametrize(("dev_wrong", "change"), [(20, ["other"]), (400, [])])
def test_whose_level_would_change_the_verdict_is_judged_as_the_gap_is(dev_wrong, change):
    # Train 2 % against 0.5 and 1.9 %: 1.5 points count where dev is at 2 %, not where it is at 40.
    tables = {
        split: check(
            pd.DataFrame({"example_id": [f"{split}{k}" for k in range(1000)],
                          "loss": (np.arange(1000) < wrong) * 1.0}), split)
        for split, wrong in (("train", 20), ("dev", dev_wrong))
    }  # fmt: skip
    told = analyse([Model(tables=tables)], Settings(human_error={"team": 0.005, "other": 0.019}))
    assert told["human"]["would_change_the_verdict"] == change
