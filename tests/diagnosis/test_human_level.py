"""The lowest human error is the reference."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.human_level import (
    choose_human_level,
    would_change_verdict,
)
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.bootstrap import estimate


def measured(losses, weight, groups):
    return estimate(
        losses, weight, groups, np.random.default_rng(1), n_resamples=500, confidence=0.95
    )


def labelled(**columns):
    n = len(next(iter(columns.values())))
    frame = {"example_id": [f"d{k}" for k in range(n)], "loss": np.zeros(n)}
    return validate(pd.DataFrame({**frame, **columns}), "dev")


def choose(levels, desired=None, dev=None):
    return choose_human_level(levels, desired, dev, measured)


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
def test_the_lowest_level_is_taken(levels, who, value):
    choice = choose(levels)
    assert (choice.taken.who, choice.taken.error.value) == (who, value)
    again = choose(dict(reversed(levels.items())))
    assert (again.taken.who, again.why) == (choice.taken.who, choice.why)


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 1), min_size=1))
def test_another_level_moves_the_reference_only_downwards(levels):
    choice = choose(levels)
    value = choice.taken.error.value
    assert value == min(levels.values()) == levels[choice.taken.who]
    assert choose({**levels, "more": 0.5}).taken.error.value <= max(value, 0.5)
    assert choose({**levels, "perfect": 0.0}).taken.error.value == 0.0


def test_a_product_may_aim_at_another_level():
    assert "person's" in choose({"person": 0.03, "team": 0.005}).why
    assert "product" not in choose({"team": 0.005}).why


def test_far_from_human_level_the_choice_hardly_matters():
    # Machine Learning Yearning, chapter 34: 10 % or 5 % at a system error of 40 %, and of 10 %.
    assert not would_change_verdict(0.10, 0.05, 0.40)
    assert would_change_verdict(0.10, 0.05, 0.10)


@pytest.mark.parametrize("level", [15.0, -0.1])
def test_levels_that_are_no_errors_are_refused(level):
    with pytest.raises(FoursplitError, match="'a'"):
        choose({"a": level})


def test_of_levels_given_by_name_the_lowest_is_taken_and_all_are_told():
    found = choose({"person": 0.03, "doctor": 0.01, "team": 0.005})
    told = found.as_json()
    assert (told["who"], told["where"]) == ("team", "given")
    assert [(row["who"], row["value"], row["taken"]) for row in told["levels"]] == [
        ("person", 0.03, False),
        ("doctor", 0.01, False),
        ("team", 0.005, True),
    ]
    assert "person's" in told["why"]


def test_of_annotators_the_best_is_taken_each_by_what_he_labelled():
    one = np.where(np.arange(200) < 100, (np.arange(200) < 8) * 1.0, np.nan)  # 8 of 100
    two = (np.arange(200) < 4) * 1.0  # 4 of 200
    found = choose(None, 0.5, labelled(**{"human_loss.one": one, "human_loss.two": two}))
    assert (found.taken.who, found.taken.error.value) == ("two", 0.02)
    assert found.taken.error.lo < 0.02 < found.taken.error.hi
    levels = {row["who"]: (row["value"], row["n"]) for row in found.as_json()["levels"]}
    assert levels == {"one": (0.08, 100), "two": (0.02, 200), "desired": (0.5, 0)}
    assert "optimistically biased" in found.why


def test_given_levels_go_before_measured_ones_and_those_before_what_is_desired():
    dev = labelled(human_loss=np.zeros(50))
    assert choose(0.02, 0.5, dev).taken.where == "given"
    assert choose(None, 0.5, dev).taken.where == "human_loss on dev"
    assert choose(None, 0.5).taken.where == "desired"
    assert choose(None, None, labelled(x=np.zeros(3))) is None


def test_the_annotator_that_was_taken_stands_for_people_by_domain():
    n = 200
    tables = {
        split: validate(
            pd.DataFrame(
                {
                    "example_id": [f"{split}{k}" for k in range(n)],
                    "domain": domain,
                    "loss": (np.arange(n) < wrong) * 1.0,
                    "human_loss.team": (np.arange(n) < people) * 1.0,
                }
            ),
            split,
        )
        for split, domain, wrong, people in (
            ("train_dev", "web", 10, 4),
            ("dev", "phone", 40, 20),
        )
    }
    given = diagnose_as_json([Model(tables=tables)], Settings(human_error=0.01))
    told = diagnose_as_json([Model(tables=tables)], Settings())
    (parted,) = told["table2d"]["adjusted"]
    assert given["table2d"]["adjusted"] == [parted]  # the level for bias is another matter
    assert (parted["general"], parted["target"]) == ("web", "phone")
    assert parted["intrinsic_difficulty"] == pytest.approx(0.08)  # 2 to 10 %
    assert parted["model_specific"] == pytest.approx(0.07)  # of 15 points in all


@pytest.mark.parametrize(("dev_wrong", "change"), [(20, ["other"]), (400, [])])
def test_whose_level_would_change_the_verdict_is_judged_as_the_gap_is(dev_wrong, change):
    # Train 2 % against 0.5 and 1.9 %: 1.5 points count where dev is at 2 %, not where it is at 40.
    tables = {
        split: validate(
            pd.DataFrame(
                {
                    "example_id": [f"{split}{k}" for k in range(1000)],
                    "loss": (np.arange(1000) < wrong) * 1.0,
                }
            ),
            split,
        )
        for split, wrong in (("train", 20), ("dev", dev_wrong))
    }
    told = diagnose_as_json(
        [Model(tables=tables)], Settings(human_error={"team": 0.005, "other": 0.019})
    )
    assert told["human"]["would_change_the_verdict"] == change
