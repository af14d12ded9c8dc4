"""Mislabels: how much of the error they are, by an audit of both sides."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.error_analysis import label_audit
from foursplit.diagnosis.prediction_table import validate


def test_few_of_many_errors_are_left_alone():
    # 10.0 % error, 0.6 of it mislabels (6 %), 9.4 of other causes.
    assert not label_audit.worth_fixing(0.006, 0.100).fix


def test_many_of_few_errors_are_fixed():
    # 2.0 % error, 0.6 of it mislabels (30 %), 1.4 of other causes.
    found = label_audit.worth_fixing(0.006, 0.020)
    assert found.fix
    assert found.share_of_error == pytest.approx(0.3)


def test_what_hides_the_better_model_is_fixed():
    # Candidates of 2.1 and 1.9 % with 0.6 of mislabels; 6 % of the error of a worse system.
    assert label_audit.worth_fixing(0.006, 0.1, gap_of_two_best=0.021 - 0.019).fix
    assert not label_audit.worth_fixing(0.006, 0.1, gap_of_two_best=0.05).fix


def test_a_share_just_at_the_threshold_is_fixed_and_no_noise_never_is():
    assert label_audit.worth_fixing(0.025, 0.1).fix
    assert not label_audit.worth_fixing(0.0, 0.0, gap_of_two_best=0.0).fix


def test_an_audit_of_errors_alone_is_biased():
    # 1,000 examples, 20 errors, 6 of them faults of the label: 1.4 % it would seem.
    one_sided = label_audit.corrected_error(0.02, 1000, 6, 20, 0, 0)
    assert one_sided.value is None
    assert one_sided.errors_only == pytest.approx(0.014)
    assert one_sided.insufficient == "audit correct ones too"
    # One of 100 right answers stands on a wrong label too: .014 + .98 * .01.
    both = label_audit.corrected_error(0.02, 1000, 6, 20, 1, 100)
    assert both.value == pytest.approx(0.0238)
    # By the formula: e²a(1-a)/20 + (1-e)²c(1-c)/100 + (1-a-c)²e(1-e)/1000.
    by_hand = 4e-4 * 0.21 / 20 + 0.9604 * 0.0099 / 100 + 0.69**2 * 0.0196 / 1000
    assert both.variance == pytest.approx(by_hand)
    assert both.lo < 0.0238 < both.hi


@given(st.floats(0.01, 0.99), st.integers(0, 50), st.integers(0, 50))
def test_the_interval_holds_the_estimate_and_stays_a_share(error, of_errors, of_correct):
    found = label_audit.corrected_error(error, 500, of_errors, 50, of_correct, 50)
    assert 0 <= found.lo <= found.value <= found.hi <= 1


@given(st.floats(0.01, 0.99))
def test_an_audit_that_finds_nothing_leaves_the_error_and_is_not_certain(error):
    found = label_audit.corrected_error(error, 500, 0, 50, 0, 50)
    assert found.value == pytest.approx(error)
    assert found.hi > error + 0.01 * (1 - error)


def test_of_many_audits_the_mean_is_the_truth_and_intervals_hold_it():
    # True error 12 %: labels wrong at 4 %, drawn 400 times; audits of 60 errors and 60 others.
    rng, held, values = np.random.default_rng(5), 0, []
    for _ in range(400):
        is_wrong, is_fault = rng.random(1500) < 0.12, rng.random(1500) < 0.04
        seems = is_wrong ^ is_fault  # a wrong label turns an error into a right answer and back
        errors, correct = np.flatnonzero(seems), np.flatnonzero(~seems)
        a = is_fault[rng.choice(errors, 60, replace=False)].sum()
        c = is_fault[rng.choice(correct, 60, replace=False)].sum()
        found = label_audit.corrected_error(float(seems.mean()), 1500, int(a), 60, int(c), 60)
        values.append(found.value)
        held += found.lo <= 0.12 <= found.hi
    assert np.mean(values) == pytest.approx(0.12, abs=3 * np.std(values) / 20)
    assert held >= 365  # 95 % of 400 is 380, and a 99.9 % band reaches down to 365


def audited(said, n=100, n_errors=20, split="dev"):
    """Give a table whose first examples are errors, audited as `said` by position."""
    frame = pd.DataFrame({"example_id": [f"{split}{k}" for k in range(n)]})
    frame["loss"] = (np.arange(n) < n_errors).astype(float)
    frame["label_audit"] = [said.get(k) for k in range(n)]
    return validate(frame, split)


def test_the_audit_of_a_table_is_counted():
    said = {0: "wrong", 1: "ok", 2: "ok", 3: "ambiguous", 30: "ok", 31: "wrong"}
    found = label_audit.audit(audited(said))
    assert (found.wrong_of_errors, found.errors_audited) == (1, 4)
    assert (found.wrong_of_correct, found.correct_audited) == (1, 2)
    assert found.n_ambiguous == 1
    assert found.noise == pytest.approx(0.2 / 4)
    assert found.corrected.value == pytest.approx(0.2 * 0.75 + 0.8 * 0.5)
    assert found.decision.fix  # one error in four
    assert not found.insufficient


def test_a_one_sided_audit_of_a_table_says_so():
    found = label_audit.audit(audited({0: "wrong", 1: "ok"}))
    assert found.insufficient == "audit correct ones too"
    assert found.corrected.value is None
    assert found.decision.fix  # the noise among errors is known all the same


def test_without_an_audit_it_says_what_to_fill_in():
    assert "label_audit" in label_audit.audit(audited({})).insufficient
    bare = validate(pd.DataFrame({"example_id": ["a"], "loss": [1.0]}), "dev")
    assert "label_audit" in label_audit.audit(bare).insufficient


def test_the_order_of_rows_changes_nothing(rng):
    table = audited({0: "wrong", 5: "ok", 50: "ok", 51: "wrong"})
    assert label_audit.audit(table.take(rng.permutation(100))) == label_audit.audit(table)


def test_no_label_is_changed():
    table = audited({0: "wrong", 50: "ok"})
    before = table.frame.copy()
    label_audit.audit(table)
    pd.testing.assert_frame_equal(table.frame, before)


def test_dev_and_test_are_treated_alike():
    dev, test = audited({0: "wrong"}), audited({}, split="test")
    assert label_audit.same_treatment(dev, test).code == "ST031"
    assert label_audit.same_treatment(dev, audited({0: "ok"}, split="test")) is None
    assert label_audit.same_treatment(audited({}), test) is None


def test_an_audit_that_finds_no_wrong_label_leaves_dev_and_test_alike():
    test = audited({}, split="test")
    for said in ({0: "ok"}, {0: "ok", 30: "ambiguous"}, dict.fromkeys(range(64), "ok")):
        assert label_audit.same_treatment(audited(said), test) is None
    # A wrong one among errors or right answers makes them differ, unless test was audited too.
    for said in ({0: "wrong"}, {0: "ok", 99: "wrong"}):
        assert label_audit.same_treatment(audited(said), test).code == "ST031"
        assert label_audit.same_treatment(audited(said), audited({5: "ok"}, split="test")) is None


def test_impossible_counts_are_refused():
    with pytest.raises(FoursplitError, match="5 wrong labels of 2"):
        label_audit.corrected_error(0.1, 100, 5, 2, 0, 10)
    with pytest.raises(FoursplitError, match="0-1"):
        label_audit.corrected_error(10.0, 100, 0, 2, 0, 10)
