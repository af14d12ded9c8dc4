"""The threshold that was frozen on dev decides every answer, in tables and to new rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.schema import ComparisonGroup
from foursplit.evaluation import threshold

CLASSES = ("no", "yes")

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def group(**args):
    return ComparisonGroup(
        dataset="d", task="classify_binary", metric="f1", metric_args=args, threshold="dev"
    )


def probabilities(shares):
    yes = np.array(shares)
    return np.stack([1 - yes, yes], axis=1)


@given(SHARES, st.floats(0, 1), st.sampled_from([None, *CLASSES]))
def test_new_rows_are_answered_as_the_tables_rows_are(shares, value, positive):
    of_group = group() if positive is None else group(positive=positive)
    proba = probabilities(shares)
    names = np.array(CLASSES)
    table = pd.DataFrame(
        {
            "y": names[np.arange(len(proba)) % 2],
            "y_hat": names[proba.argmax(axis=1)],
            **{f"proba_{name}": proba[:, i] for i, name in enumerate(CLASSES)},
        }
    )
    scored = threshold.apply({"dev": table}, of_group, value)["dev"]
    frozen = threshold.of_summary({"threshold": value}, of_group, CLASSES)
    answered = threshold.answers(proba, CLASSES, frozen)
    assert [*answered["y_hat"]] == [*scored["y_hat"]]
    assert {*answered["threshold"]} == {value}


def test_the_answer_differs_from_the_likelier_class_where_the_threshold_says_so():
    proba = probabilities([0.2, 0.31, 0.6])
    frozen = threshold.of_summary({"threshold": 0.3}, group(), CLASSES)
    assert [*threshold.answers(proba, CLASSES, frozen)["y_hat"]] == ["no", "yes", "yes"]
    likelier = threshold.answers(proba, CLASSES, None)
    assert [*likelier["y_hat"]] == ["no", "no", "yes"]
    assert "threshold" not in likelier
    # Of the other class 0.8, 0.69 and 0.4: from 0.3 on all are it.
    other = threshold.of_summary({"threshold": 0.3}, group(positive="no"), CLASSES)
    assert [*threshold.answers(proba, CLASSES, other)["y_hat"]] == ["no", "no", "no"]


@pytest.mark.parametrize("summary", [{}, {"threshold": None}])
def test_without_a_threshold_the_likelier_class_is_the_answer(summary):
    assert threshold.of_summary(summary, group(), CLASSES) is None
