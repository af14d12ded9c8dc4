"""A step changes the model wherever a change can help; to measure more gains no error by itself."""

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.recommendations.actions import ACTIONS, CHANGES
from foursplit.diagnosis.settings import Settings


def diagnosed(counts, **settings):
    """Diagnose (errors, examples) by split."""
    tables = {
        split: validate(
            pd.DataFrame(
                {
                    "example_id": [f"{split}{k}" for k in range(n)],
                    "loss": (np.arange(n) < wrong) * 1.0,
                }
            ),
            split,
        )
        for split, (wrong, n) in counts.items()
    }
    return diagnose_as_json(
        [Model(tables=tables)], Settings(n_resamples=500, **{"human_error": 0.0} | settings)
    )


SUM = {"train": (20, 1000), "train_dev": (3, 50), "dev": (50, 500)}  # 2, 6 and 10 %
BOTH = {"train": (10, 1000), "train_dev": (40, 400), "dev": (64, 400)}  # 1, 10 and 16 %
EASIER = {"train": (10, 1000), "train_dev": (64, 400), "dev": (60, 400)}  # 1, 16 and 15 %


def test_a_sum_of_variance_and_mismatch_asks_for_data_that_takes_off_both():
    first = diagnosed(SUM, human_error=0.02)["next"][0]
    assert (first["link"], first["changes"]) == ("variance_or_mismatch", "target_data")
    assert first["gain"] == pytest.approx(0.08)
    assert "train-dev examples (now 50)" in first["action"]  # and what would separate them


def test_one_distribution_has_no_mismatch_to_ask_data_for():
    first = diagnosed(SUM, human_error=0.02, same_distribution=True)["next"][0]
    assert first["changes"] == "train_data"


def test_where_domains_differ_data_like_dev_closes_variance_and_mismatch_together():
    first = diagnosed(BOTH)["next"][0]
    assert (first["link"], first["changes"]) == ("variance", "target_data")
    assert first["gain"] == pytest.approx(0.15)  # 9 points of variance, 6 of mismatch


def test_where_dev_is_no_harder_variance_asks_for_more_of_the_same():
    first = diagnosed(EASIER)["next"][0]
    assert (first["link"], first["changes"]) == ("variance", "train_data")


def test_no_gain_exceeds_dev_error_less_the_least_possible():
    first = diagnosed(BOTH, human_error=0.04)["next"][0]
    assert first["gain"] == pytest.approx(0.12)  # 16 % less 4 %, not the 15 points of both gaps


def test_a_penalty_that_is_on_is_what_the_step_on_bias_changes():
    counts = {"train": (150, 1000), "dev": (160, 1000)}
    asked = {"same_distribution": True}
    assert diagnosed(counts, **asked)["next"][0]["changes"] == "model_size"
    with_penalty = diagnosed(counts, penalties={"weight_decay": 0.1}, **asked)
    assert with_penalty["next"][0]["changes"] == "penalty"


def test_every_action_says_what_it_changes():
    assert {action.changes for action in ACTIONS.values()} <= {*CHANGES}
    assert ACTIONS["none"].changes == ACTIONS["human_or_desired"].changes == "nothing"
