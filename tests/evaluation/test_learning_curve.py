"""What the points of a learning curve tell."""

import json

import pytest

from foursplit.config.schema import DiagnosisConfig
from foursplit.diagnosis.learning_curve.fit import MAX_EXTRAPOLATION
from foursplit.diagnosis.learning_curve.more_data import variance_verdict
from foursplit.evaluation.learning_curve import by_size, learning_curve_summary
from foursplit.evaluation.learning_curve_runs import CurveMeasurement

DIAGNOSIS = DiagnosisConfig(
    n_resamples=100,
    confidence=0.95,
    min_gap=0.005,
    min_gap_fraction=0.1,
    co_primary_fraction=0.5,
    seed=1,
)
HUMAN = {"error": 0.022, "kind": "human", "where": "x"}
ONE, TWO = {"all": "source"}, {"web": "source", "phone": "target"}


def points(dev=0.08, train_dev=0.02):
    """Give points that fall towards another error on train-dev than on dev."""
    return [
        CurveMeasurement(
            size=size,
            n=n,
            repeat=repeat,
            train_error=0.01,
            train_dev_error=train_dev + 3 * n**-0.7,
            dev_error=dev + 3 * n**-0.7,
        )
        for size, n in enumerate((1000, 2000, 4000, 8000), start=1)
        for repeat in (1, 2)
    ]


def test_repeats_of_a_size_are_one_point_and_unequal_groups_their_mean():
    made = [
        CurveMeasurement(
            size=1, n=n, repeat=1, train_error=0.0, train_dev_error=0.0, dev_error=error
        )
        for n, error in ((10, 0.5), (13, 0.4))
    ]
    (point,) = by_size(made, "dev")
    assert (point.n, point.errors) == (12, (0.5, 0.4))


def test_sizes_that_differ_stay_apart_when_their_means_are_rounded():
    made = [
        CurveMeasurement(
            size=size, n=n, repeat=1, train_error=0.0, train_dev_error=0.0, dev_error=0.1
        )
        for size, counts in enumerate(((3, 4), (4, 5)), start=1)
        for n in counts
    ]
    assert [point.n for point in by_size(made, "dev")] == [4, 5]  # 3.5 and 4.5


def test_the_line_goes_from_the_smallest_size_to_ten_times_the_largest():
    line = learning_curve_summary(points(), HUMAN, ONE, DIAGNOSIS)["dev"]["line"]
    assert (line[0]["n"], line[-1]["n"]) == (1000, 80_000)
    assert line[0]["value"] == pytest.approx(0.08 + 3 * 1000**-0.7, rel=1e-3)
    assert 8000 in [row["n"] for row in line]  # where what was measured ends
    assert all(row["lo"] <= row["value"] <= row["hi"] for row in line)


def test_where_dev_is_of_another_domain_train_dev_has_a_curve_of_its_own():
    found = learning_curve_summary(points(), HUMAN, TWO, DIAGNOSIS)
    assert found["shifted"]
    assert "Train is of web, dev of phone" in found["about"]
    assert "nothing of what more of the second" in found["about"]
    assert found["dev"]["verdict"]["reading"] == "out_of_reach"
    assert found["train_dev"]["verdict"]["reading"] == "reaches"
    assert variance_verdict(found).reading == "reaches"  # variance lies between train and train-dev


def test_where_all_is_of_one_domain_dev_alone_is_read():
    found = learning_curve_summary(points(), HUMAN, ONE, DIAGNOSIS)
    assert not found["shifted"]
    assert "train_dev" not in found
    assert variance_verdict(found).reading == "out_of_reach"


def test_without_a_level_to_reach_no_verdict_is_made_up():
    found = learning_curve_summary(points(), None, ONE, DIAGNOSIS)
    assert found["target"] is None
    assert found["dev"]["verdict"]["reading"] == "no_target"


def test_the_same_points_give_the_same_json_and_numbers_of_six_digits():
    first, again = (
        json.dumps(learning_curve_summary(points(), HUMAN, TWO, DIAGNOSIS)) for _ in range(2)
    )
    assert first == again
    assert learning_curve_summary(points(), HUMAN, ONE, DIAGNOSIS)["dev"]["curve"][
        "a"
    ] == pytest.approx(0.08, abs=1e-3)
    assert MAX_EXTRAPOLATION >= 10  # the line is drawn no farther than a fit is believed
