"""The baseline speaks first: on rare classes, on quantities, and where a metric is asked for."""

import numpy as np
import pandas as pd
import pytest

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.baseline import measure_baseline
from foursplit.diagnosis.diagnose import diagnose
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.metric import METRICS, MetricArgs
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.read_options import ReadOptions, unnamed_columns
from foursplit.diagnosis.read_prediction_tables import read_folder
from foursplit.diagnosis.settings import Settings

SETTINGS = Settings(n_resamples=200)


def labels(n, n_positive, right=0, false_alarms=0):
    """Make a table with so many positives, of which `right` are found."""
    y = np.array(["yes"] * n_positive + ["no"] * (n - n_positive))
    y_hat = np.full(n, "no", dtype=object)
    y_hat[:right] = "yes"
    y_hat[n - false_alarms :] = "yes"
    return pd.DataFrame({"example_id": range(n), "y": y, "y_hat": y_hat})


def model(**frames):
    tables = {}
    for split, frame in frames.items():
        ids = [f"{split}{n}" for n in range(len(frame))]
        tables[split] = validate(frame.assign(example_id=ids), split)
    return [Model(tables=tables)]


def test_a_model_that_always_says_no_is_not_better_than_the_baseline():
    useless = model(train=labels(400, 32), dev=labels(300, 24))
    found = measure_baseline(useless, SETTINGS)
    assert (found.answer, found.error, found.gain) == ("no", 24 / 300, 0.0)
    assert found.rare
    assert not found.beaten
    diagnosis = diagnose(useless, SETTINGS)
    assert diagnosis.findings[0].code == "ST014"
    assert diagnosis.next_steps[0]["link"] == "baseline"
    assert "metric" in diagnosis.next_steps[0]["action"]


def test_a_useful_model_on_rare_classes_still_begins_with_the_metric():
    useful = model(train=labels(400, 32, 30), dev=labels(300, 24, 20))
    assert measure_baseline(useful, SETTINGS).beaten
    diagnosis = diagnose(useful, SETTINGS)
    assert "ST014" not in [finding.code for finding in diagnosis.findings]
    assert diagnosis.next_steps[0]["link"] == "baseline"


def test_on_balanced_classes_a_good_model_hears_nothing_of_it():
    good = model(train=labels(400, 200, 190), dev=labels(300, 150, 140))
    diagnosis = diagnose(good, SETTINGS)
    assert diagnosis.baseline.beaten
    assert "baseline" not in [step["link"] for step in diagnosis.next_steps]


def test_the_step_of_a_significant_gap_comes_before_that_of_the_baseline():
    # Train is learnt and unseen examples are not: variance says why the constant wins.
    flexible = model(
        train=labels(400, 200, 199),
        train_dev=labels(300, 150, 60, 70),
        dev=labels(300, 150, 60, 70),
    )
    diagnosis = diagnose(flexible, SETTINGS)
    assert "ST014" in [finding.code for finding in diagnosis.findings]
    assert [step["link"] for step in diagnosis.next_steps][:2] == ["variance", "baseline"]
    assert [step["rank"] for step in diagnosis.next_steps][:2] == [1, 2]


def test_the_constant_is_the_most_frequent_class_of_train_not_of_dev():
    shifted = model(train=labels(400, 300, 300), dev=labels(300, 30, 30))
    found = measure_baseline(shifted, SETTINGS)
    assert (found.answer, found.error) == ("yes", 0.9)


def test_by_f1_the_constant_that_never_finds_anything_scores_worst():
    useless = model(train=labels(400, 32), dev=labels(300, 24))
    metric = ChosenMetric(metric=METRICS["f1"], args=MetricArgs(positive="yes"))
    found = measure_baseline(useless, Settings(n_resamples=200, metric=metric))
    # "Always yes" has F1 2 * 0.08 / 1.08; the model has 0.
    assert found.answer == "yes"
    assert found.error == pytest.approx(1 - 2 * 0.08 / 1.08)
    assert found.hi < 0


def test_the_baseline_of_quantities_is_trains_median(tmp_path):
    rng = np.random.default_rng(0)
    for split, n in (("train", 200), ("dev", 100)):
        y = rng.normal(50.0, 10.0, n)
        frame = pd.DataFrame({"example_id": [f"{split}{i}" for i in range(n)], "y": y})
        frame.assign(y_hat=y + rng.normal(0, 2.0, n)).to_csv(tmp_path / f"{split}.csv", index=False)
    with pytest.raises(FoursplitError, match="--regression"):
        read_folder(tmp_path)
    models = read_folder(tmp_path, ReadOptions(regression=True))
    train, dev = (models[0].tables[split].frame for split in ("train", "dev"))
    first, third = np.quantile(train["y"], [0.25, 0.75])
    np.testing.assert_allclose(dev["loss"], np.abs(dev["y"] - dev["y_hat"]) / (third - first))
    found = measure_baseline(models, SETTINGS)
    assert found.error == pytest.approx(
        np.abs(dev["y"] - train["y"].median()).mean() / (third - first)
    )
    assert found.beaten


def test_losses_of_an_unknown_unit_have_no_baseline():
    frame = pd.DataFrame({"example_id": ["a", "b"], "loss": [0.2, 0.7]})
    assert measure_baseline(model(dev=frame), SETTINGS) is None


@pytest.mark.parametrize("name", ["valid", "val", "validation"])
def test_the_names_that_others_give_dev_are_read_as_dev(tmp_path, capsys, name):
    labels(30, 10, 8).to_csv(tmp_path / f"{name}.csv", index=False)
    assert [*read_folder(tmp_path)[0].tables] == ["dev"]
    assert "dev" in capsys.readouterr().err
    labels(30, 10, 8).to_csv(tmp_path / "dev.csv", index=False)
    with pytest.raises(FoursplitError, match="too"):
        read_folder(tmp_path)


def test_columns_that_nothing_reads_are_named_and_can_be_asked_for(tmp_path, capsys):
    frame = labels(30, 10, 8).assign(region=["a", "b"] * 15, comment="")
    frame.to_csv(tmp_path / "dev.csv", index=False)
    assert unnamed_columns(frame) == ["region"]
    (plain,) = read_folder(tmp_path, ReadOptions(note=True))
    assert plain.tables["dev"].meta == []
    assert "region" in capsys.readouterr().err
    (asked,) = read_folder(tmp_path, ReadOptions(meta=("all",), note=True))
    assert asked.tables["dev"].meta == ["meta.region"]
    assert "region" not in capsys.readouterr().err
    with pytest.raises(FoursplitError, match="regio"):
        read_folder(tmp_path, ReadOptions(meta=("regio",)))


def test_losses_that_look_like_per_cent_are_asked_about(tmp_path, capsys):
    frame = pd.DataFrame({"example_id": range(4), "loss": [0.0, 30.0, 5.0, 12.5]})
    frame.to_csv(tmp_path / "dev.csv", index=False)
    read_folder(tmp_path)
    assert "per cent" in capsys.readouterr().err


def test_a_file_by_another_name_is_answered_with_how_tables_lie(tmp_path):
    labels(30, 10).to_csv(tmp_path / "predictions.csv", index=False)
    with pytest.raises(FoursplitError, match="unknown split 'predictions'.*folder"):
        read_folder(tmp_path / "predictions.csv")
