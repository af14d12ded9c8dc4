"""The search or the objective: cases worked by hand."""

import numpy as np
import pandas as pd
import pytest

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.analysis import diagnose_as_json
from foursplit.diagnosis.ceiling.optimization_verification import (
    search_or_objective,
    verify_table,
)
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings


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


def test_without_errors_there_is_nothing_to_blame(rng):
    with pytest.raises(FoursplitError, match="no errors"):
        search_or_objective(np.zeros(0), np.zeros(0), 0.1, np.zeros(0), rng)


def scored(truth, output, n=1000, **more):
    """Give a dev table whose first examples are errors with these scores."""
    k = len(truth)
    rest = np.full(n - k, np.nan)
    frame = {"example_id": [f"d{i}" for i in range(n)], "loss": (np.arange(n) < k) * 1.0, **more}
    frame |= {"score_truth": np.r_[truth, rest], "score_output": np.r_[output, rest]}
    return validate(pd.DataFrame(frame), "dev")


def test_the_table_says_whether_search_or_objective_is_at_fault(rng):
    # Machine Learning Yearning, chapter 44, as columns: 95 of 100 errors are the objective's.
    table = scored(np.r_[np.full(5, -1.0), np.full(95, -3.0)], np.full(100, -2.0))
    block = verify_table(table, rng)
    assert (block["n_errors"], block["n_scored"], block["work_on"]) == (100, 100, "objective")
    assert block["gain_of_first"] == pytest.approx(0.005)  # 5 of 1,000
    told = diagnose_as_json([Model(tables={"dev": table})], Settings(human_error=0.1))
    step = next(s for s in told["next"] if s["link"] == "search")
    assert step["gain"] == pytest.approx(0.095)
    assert "another objective" in step["action"]


def test_a_heavier_error_weighs_more(rng):
    # One of two errors is the search's; it weighs three times as much.
    weight = np.r_[3.0, np.ones(9)]
    block = verify_table(scored([1.0, -1.0], [0.0, 0.0], n=10, weight=weight), rng)
    assert block["share"]["value"] == pytest.approx(0.75)
    assert block["gain_of_first"] == pytest.approx(3 / 12)


def test_where_neither_is_sure_the_step_is_to_score_more(rng):
    table = scored(np.r_[np.full(6, 1.0), np.full(6, -1.0)], np.zeros(12))
    told = diagnose_as_json([Model(tables={"dev": table})], Settings())
    step = next(s for s in told["next"] if s["link"] == "search")
    assert step["gain"] is None
    assert "score the truth" in step["action"]


def test_errors_without_scores_are_left_out_and_counted(rng):
    table = scored(
        np.r_[np.full(40, 1.0), np.full(10, np.nan)], np.r_[np.zeros(40), np.full(10, np.nan)]
    )
    block = verify_table(table, rng)
    assert (block["n_errors"], block["n_scored"]) == (50, 40)
    assert block["work_on"] == "search"
    assert (
        "None of the 5 errors"
        in verify_table(scored([np.nan] * 5, [np.nan] * 5), rng)["not_applicable"]
    )


def test_one_score_without_the_other_is_refused():
    with pytest.raises(
        FoursplitError, match="'score_truth', row 2 is missing where 'score_output'"
    ):
        scored([1.0, np.nan], [0.0, 0.0])
    bare = pd.DataFrame({"example_id": ["a"], "loss": [1.0], "score_truth": [1.0]})
    with pytest.raises(FoursplitError, match="'score_truth' needs 'score_output' beside it"):
        validate(bare, "dev")
