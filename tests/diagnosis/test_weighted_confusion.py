"""Precision, recall and F1: cases worked by hand, and scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.stats.weighted_confusion import (
    WeightedConfusion,
    f1_score,
    weighted_confusion,
)

RATE = st.floats(0, 1)


def test_two_classifiers_of_cats():
    # 95 % and 90 % against 98 % and 85 %: the first, at 92.4 %.
    assert f1_score(0.95, 0.90) == pytest.approx(0.924, abs=5e-4)
    assert f1_score(0.98, 0.85) == pytest.approx(0.910, abs=5e-4)


def test_a_table_of_ten():
    # 3 found, 2 missed, 1 false alarm, 4 rightly left alone.
    found = WeightedConfusion(
        true_positive=3.0, false_negative=2.0, false_positive=1.0, true_negative=4.0
    )
    assert (found.precision, found.recall, found.accuracy) == (3 / 4, 3 / 5, 7 / 10)
    assert found.f1 == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("precision", "recall", "wanted"),
    [(0.5, 0.4, 0.444), (0.7, 0.1, 0.175), (0.02, 1.0, 0.0392), (0.087, 0.85, 0.158)],
)
def test_the_harmonic_mean_of_a_low_and_a_high_rate_is_low(precision, recall, wanted):
    assert f1_score(precision, recall) == pytest.approx(wanted, rel=3e-3)
    assert f1_score(precision, recall) < (precision + recall) / 2


@given(RATE, RATE)
def test_f1_lies_between_the_two_and_does_not_ask_which_is_which(precision, recall):
    found = f1_score(precision, recall)
    assert found == f1_score(recall, precision)
    assert min(precision, recall) - 1e-12 <= found <= max(precision, recall) + 1e-12


def test_rates_are_those_of_scikit_learn(rng):
    for _ in range(20):
        y, y_hat = rng.choice(["a", "b", "c"], (2, 60), p=[0.5, 0.3, 0.2])
        weight = rng.uniform(0.1, 5, 60)
        found = weighted_confusion(y, y_hat, "b", weight)
        wanted = precision_recall_fscore_support(
            y == "b", y_hat == "b", average="binary", sample_weight=weight
        )
        assert (found.precision, found.recall, found.f1) == pytest.approx(wanted[:3])
        assert found.accuracy == pytest.approx(
            accuracy_score(y == "b", y_hat == "b", sample_weight=weight)
        )


def test_a_model_that_never_says_yes_has_no_precision_and_no_f1():
    found = weighted_confusion(np.array([1, 0]), np.array([0, 0]), 1)
    assert (found.precision, found.recall, found.f1) == (0, 0, 0)


def test_what_is_no_rate_or_no_class_is_refused():
    with pytest.raises(FoursplitError, match="recall: 90"):
        f1_score(0.95, 90.0)
    with pytest.raises(FoursplitError, match="class 'cow'.*cat, dog"):
        weighted_confusion(np.array(["cat", "dog"]), np.array(["cat", "cat"]), "cow")
    with pytest.raises(FoursplitError, match="2 labels, but 1 predictions"):
        weighted_confusion(np.array([1, 0]), np.array([1]), 1)
