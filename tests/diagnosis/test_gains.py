"""Laws and cases: no step promises more than there is to gain."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.diagnosis.decomposition import ledger
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.recommendations.gains import gap_gains, largest_gain
from foursplit.diagnosis.settings import Settings

SPLITS = ("train", "train_dev", "dev", "test")
POINTS = st.integers(0, 200)  # wrong of 200


def table(split, wrong, n=200):
    """Give n examples, of which the first `wrong` are errors, tagged, and of the night."""
    is_wrong = np.arange(n) < wrong
    frame = {
        "example_id": [f"{split}{k}" for k in range(n)],
        "loss": is_wrong * 1.0,
        "tags": np.where(is_wrong, "blurred", ""),
        "meta.hour": np.where(is_wrong | (np.arange(n) % 3 == 0), "night", "day"),
    }
    return validate(pd.DataFrame(frame), split)


def diagnosed(wrong, human=None, n=200, **more):
    tables = {split: table(split, k, n) for split, k in wrong.items()}
    return diagnose_as_json(
        [Model(tables=tables)], Settings(human_error=human, n_resamples=100, **more)
    )


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {"train": POINTS, "dev": POINTS}, optional={"train_dev": POINTS, "test": POINTS}
    ),
    st.none() | st.floats(0, 1),
)
def test_no_step_promises_more_than_dev_less_the_least_possible_error(wrong, human):
    found = diagnosed(wrong, human)
    dev = found["splits"]["dev"]
    beaten = human is not None and dev["hi"] < human
    least = 0.0 if human is None or beaten else human
    up_to_dev = [row for row in found["ledger"] if row["gap"] != "dev_overfit"]
    for step in found["next"]:
        gain = step["gain"] or 0.0
        assert 0 <= gain <= max(0.0, dev["value"] - least) + 1e-9, step
        if step["link"] in {row["gap"] for row in up_to_dev}:
            total = sum(row["value"] for row in up_to_dev)
            assert gain <= max(0.0, total) + 1e-9, step


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5), st.booleans(), st.booleans())
def test_gains_of_random_ledgers_are_within_the_sum_up_to_dev(values, known, has_train_dev):
    errors = dict(zip(("human", *SPLITS), map(ledger.fixed, values), strict=True))
    errors = {
        split: error
        for split, error in errors.items()
        if (known or split != "human") and (has_train_dev or split != "train_dev")
    }
    gaps = ledger.gaps(errors, 0.95)
    gains = gap_gains(errors, gaps)
    assert gains.pop("dev_overfit") is None
    total = max(0.0, sum(gap.value for gap in gaps if gap.gap != "dev_overfit"))
    for gap in gaps:
        if gap.gap in gains:
            assert gains[gap.gap] <= min(gap.value, total, largest_gain(errors)) + 1e-12


def gains_by_link(found):
    return {step["link"]: step["gain"] for step in found["next"]}


def test_a_variance_of_a_tenth_where_dev_errs_once_promises_that_one_error():
    # Train 0 of 83, train-dev 2 of 16, dev 1 of 37: 12.5 points by the link, 2.7 by dev.
    tables = {
        split: table(split, wrong, n)
        for split, wrong, n in (("train", 0, 830), ("train_dev", 20, 160), ("dev", 10, 370))
    }
    found = diagnose_as_json([Model(tables=tables)], Settings(human_error=0.0, n_resamples=100))
    assert gains_by_link(found)["variance"] == pytest.approx(10 / 370)


def test_a_train_error_measured_in_training_mode_promises_what_dev_less_people_leaves():
    found = diagnosed({"train": 400, "train_dev": 160, "dev": 160}, human=0.02, n=2000)
    gains = gains_by_link(found)
    assert max(gain for gain in gains.values() if gain is not None) == pytest.approx(
        0.06
    )  # not .18
    assert "avoidable_bias" not in gains  # a train error that cannot be compared names no bias


def test_two_links_that_cancel_promise_no_more_than_their_sum():
    # People 4, train 7, train-dev 10, dev 6 %.
    found = diagnosed({"train": 140, "train_dev": 200, "dev": 120}, human=0.04, n=2000)
    gains = gains_by_link(found)
    assert gains["avoidable_bias"] == pytest.approx(0.02)
    assert gains["variance"] == pytest.approx(0.02)


def test_tags_promise_no_more_than_what_the_human_level_leaves():
    gains = gains_by_link(diagnosed({"train": 20, "dev": 60}, human=0.25))
    assert gains["tag:blurred"] == pytest.approx(0.05)  # 30 % of dev, of which people miss 25 %


def test_overfitting_to_dev_takes_nothing_off_the_dev_error():
    found = diagnosed({"train": 20, "train_dev": 20, "dev": 20, "test": 400}, human=0.01, n=2000)
    assert found["verdict"]["primary"] == ["dev_overfit"]
    assert gains_by_link(found)["dev_overfit"] is None
