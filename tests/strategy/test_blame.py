"""The search or the objective: cases worked by hand."""

import numpy as np
import pytest

from foursplit.core.errors import Refusal
from foursplit.strategy.blame import reinforcement, search_or_objective


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


def test_without_errors_there_is_nothing_to_blame(rng):
    with pytest.raises(Refusal, match="no errors"):
        search_or_objective(np.zeros(0), np.zeros(0), 0.1, np.zeros(0), rng)
