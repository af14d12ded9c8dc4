"""Tables of clusterings and of anomaly detectors: losses, weights and rates worked by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from foursplit.config.schema import ComparisonGroup
from foursplit.core.examples import DataSpec
from foursplit.diagnosis.prediction_table import validate
from foursplit.evaluation.metrics import cluster, detect_anomalies
from foursplit.evaluation.summary import found, metrics


def group(task):
    return ComparisonGroup(dataset="made", task=task, metric="error")


SERVERS = DataSpec(inputs=(2,), classes=("usual", "anomalous"))


def test_a_clusterings_columns_are_its_answers():
    answers = np.array([[0.05, 1.0, 3.0], [0.2, 0.5, 4.0]])
    table = cluster.score_columns(answers, np.array([2.0, 4.0]), DataSpec(inputs=(3,)))
    assert table["loss"].tolist() == [0.05, 0.2]
    assert table["is_error"].tolist() == [False, True]
    assert table["baseline_loss"].tolist() == [1.0, 0.5]
    assert table["y_hat"].tolist() == [3.0, 4.0]
    assert metrics(table, group("cluster")) == {"error": 0.125, "squared_error": 0.5}


def test_an_anomaly_detectors_error_worked_by_hand():
    # One of two anomalies is missed, one of four usual ones flagged: (1/2 + 1/4) / 2.
    table = detect_anomalies.score_columns(
        np.array([1.0, -1.0, 2.0, -3.0, -3.0, -3.0]), np.array([1, 1, 0, 0, 0, 0]), SERVERS
    )
    told = metrics(table, group("detect_anomalies"))
    assert told["error"] == pytest.approx(0.375)
    assert (told["precision"], told["recall"], told["f1"]) == (0.5, 0.5, 0.5)
    assert np.average(table["baseline_loss"], weights=table["weight"]) == pytest.approx(0.5)
    assert table["y_hat"].tolist() == ["anomalous", "usual", "anomalous", *["usual"] * 3]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40))
def test_the_error_is_one_less_balanced_accuracy(rows):
    truth, flagged = (np.array(column) for column in zip(*rows, strict=True))
    table = detect_anomalies.score_columns(np.where(flagged, 1.0, -1.0), truth.astype(int), SERVERS)
    error = np.average(table["loss"], weights=table["weight"])
    assert table["weight"].mean() == pytest.approx(1)
    if truth.all() or not truth.any():  # one class has all the weight
        assert error == pytest.approx((truth != flagged).mean())
    else:
        assert error == pytest.approx(1 - balanced_accuracy_score(truth, flagged))


def test_a_classifiers_probabilities_flag_above_a_half():
    proba = np.array([[0.4, 0.6], [0.6, 0.4]])
    table = detect_anomalies.score_columns(proba, np.array([1, 1]), SERVERS)
    assert table["flagged"].tolist() == [True, False]


def test_the_engine_takes_both_tables():
    named = pd.DataFrame({"example_id": ["a", "b"], "split": "dev"})
    first = cluster.score_columns(np.ones((2, 3)), np.zeros(2), DataSpec(inputs=(3,)))
    second = detect_anomalies.score_columns(np.array([1.0, -1.0]), np.array([1, 0]), SERVERS)
    for table in (first, second):
        assert len(validate(pd.concat([named, table], axis=1), "dev")) == 2


def test_rates_are_not_told_where_nothing_is_looked_for():
    table = detect_anomalies.score_columns(np.array([1.0, -1.0]), np.array([0, 0]), SERVERS)
    assert found(table, detect_anomalies.FOUND) == {}
    assert set(metrics(table, group("detect_anomalies"))) == {"error"}
