"""The lowest human error is the reference."""

import numpy as np
import pytest

from foursplit.core.errors import Refusal
from foursplit.strategy.human import best, choice_matters, soft_label_bayes


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
    with pytest.raises(Refusal, match=problem):
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
    with pytest.raises(Refusal, match="shares of votes"):
        soft_label_bayes(shares)
