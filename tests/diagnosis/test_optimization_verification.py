"""The search or the objective: cases worked by hand."""

import numpy as np
import pandas as pd
import pytest

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.ceiling.optimization_verification import verify_table
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings


def scored(truth, output, n=1000, **more):
    """Give a dev table whose first examples are errors with these scores."""
    k = len(truth)
    rest = np.full(n - k, np.nan)
    frame = {"example_id": [f"d{i}" for i in range(n)], "loss": (np.arange(n) < k) * 1.0, **more}
    frame |= {"score_y": np.r_[truth, rest], "score_y_hat": np.r_[output, rest]}
    return validate(pd.DataFrame(frame), "dev")


def test_one_sentence_decides_for_itself(rng):
    # "I love robots" for "I love machine learning": the truth scores higher, so the search failed.
    assert verify_table(scored([-1.0], [-2.0]), rng)["share"]["value"] == 1.0
    assert verify_table(scored([-1.0] * 50, [-2.0] * 50), rng)["work_on"] == "search"


def test_equal_scores_are_not_the_fault_of_the_search(rng):
    assert verify_table(scored(np.zeros(40), np.zeros(40)), rng)["work_on"] == "objective"


def test_without_errors_there_is_nothing_to_attribute(rng):
    assert "not_applicable" in verify_table(scored(np.zeros(0), np.zeros(0)), rng)


def test_the_table_says_whether_search_or_objective_is_at_fault(rng):
    # Machine Learning Yearning, chapter 44, as columns: 95 of 100 errors are the objective's.
    table = scored(np.r_[np.full(5, -1.0), np.full(95, -3.0)], np.full(100, -2.0))
    block = verify_table(table, rng)
    assert (block["n_errors"], block["n_scored"], block["work_on"]) == (100, 100, "objective")
    assert block["share"]["value"] == 0.05
    assert block["gain_of_first"] == pytest.approx(0.005)  # 5 of 1,000
    assert block["gain_of_first"] + block["gain_of_second"] == pytest.approx(0.1)
    told = diagnose_as_json([Model(tables={"dev": table})], Settings(human_error=0.0))
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
    with pytest.raises(FoursplitError, match="'score_y', row 2 is missing where 'score_y_hat'"):
        scored([1.0, np.nan], [0.0, 0.0])
    bare = pd.DataFrame({"example_id": ["a"], "loss": [1.0], "score_y": [1.0]})
    with pytest.raises(FoursplitError, match="'score_y' needs 'score_y_hat' beside it"):
        validate(bare, "dev")
