"""Repeated contents and single outliers are reported; ordinary tables are not."""

import numpy as np
import pandas as pd
import pytest

from foursplit.config.fit import EstimatorConfig
from foursplit.config.schema import Experiment
from foursplit.diagnosis.decomposition.dev_size import of_tables
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.prediction_table import validate
from foursplit.diagnosis.recommendations.table_checks import findings
from foursplit.evaluation.diagnose_experiment import penalties


def table(loss, **columns):
    frame = pd.DataFrame({"example_id": [f"e{k}" for k in range(len(loss))], "loss": loss})
    return validate(frame.assign(**columns), "dev")


def codes(dev):
    return [finding.code for finding in findings({"dev": dev})]


def test_thirty_pictures_that_stand_twenty_times_each_are_not_six_hundred_examples():
    hashes = [f"h{k % 30}" for k in range(600)]
    loss = np.zeros(600)
    assert codes(table(loss, content_hash=hashes)) == ["ST032"]
    assert codes(table(loss, content_hash=hashes, group_id=hashes)) == []  # counted as 30
    assert codes(table(loss, content_hash=[f"h{k}" for k in range(600)])) == []
    assert codes(table(loss)) == []


def test_one_example_with_most_of_the_loss_is_named():
    loss = np.full(100, 0.1)
    loss[7] = 40.0
    (finding,) = findings({"dev": table(loss)})
    assert finding.code == "ST017"
    assert "e7" in finding.title
    assert "80%" in finding.title
    loss[7] = 5.0  # a third of the loss
    assert codes(table(loss)) == []
    assert codes(table(np.eye(100)[0])) == []  # one wrong answer of a hundred is no outlier


def test_at_an_error_of_a_quarter_dev_is_not_measured_by_half_a_point():
    loss = (np.arange(447) % 4 == 0) * 1.0
    size = of_tables([table(loss)], VerdictThresholds(min_gain=0.005))
    assert size.delta == pytest.approx(0.1 * loss.mean())
    small = of_tables([table((np.arange(500) < 10) * 1.0)], VerdictThresholds(min_gain=0.005))
    assert small.delta == pytest.approx(0.005)  # a tenth of 2 % is less


@pytest.mark.parametrize(
    ("model_args", "on"),
    [
        ({"max_depth": 4, "min_samples_split": 10}, {"max_depth": 4, "min_samples_split": 10}),
        ({"max_depth": None, "min_samples_split": 2, "n_estimators": 100}, {}),
        ({"C": 0.5}, {"C": 0.5}),
        ({"l2_bias": 0.1, "rank": 8}, {"l2_bias": 0.1}),
    ],
)
def test_what_holds_a_model_without_weights_back_is_read_from_its_arguments(model_args, on):
    experiment = Experiment(
        week="w", dataset="d", task="classify", model="m", model_args=model_args,
        fit=EstimatorConfig(seeds=[1]), group="g",
    )  # fmt: skip
    assert penalties(experiment) == on
