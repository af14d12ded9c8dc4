"""Curves beside the weights: whose convergence is judged."""

from dataclasses import replace

import pytest

from foursplit.config.fit import EarlyStopping
from foursplit.config.load import load
from foursplit.evaluation import training_curves

TEXT = "epoch,train_loss,dev_loss\n1,0.9,\n2,0.5,0.7\n"


@pytest.fixture
def models(tmp_path):
    for seed in ("seed_1", "seed_2"):
        (tmp_path / seed).mkdir()
        (tmp_path / seed / training_curves.NAME).write_text(TEXT, encoding="utf-8")
    return tmp_path


def test_every_seed_is_read_and_empty_cells_are_left_out(models):
    experiment = load().experiment("c4w2_digits_mlp")
    found = training_curves.to_judge(experiment, models)
    assert found == ([{"epoch": 1, "train_loss": 0.9}, {"epoch": 2, "train_loss": 0.5,
                                                       "dev_loss": 0.7}],) * 2  # fmt: skip


def test_a_model_without_epochs_or_one_that_dev_stopped_has_none_to_judge(models, tmp_path):
    experiment = load().experiment("c4w2_digits_mlp")
    stops = replace(experiment.fit, early_stopping=EarlyStopping(patience=3))
    assert training_curves.to_judge(replace(experiment, fit=stops), models) == ()
    (tmp_path / "estimator" / "seed_1").mkdir(parents=True)
    assert training_curves.to_judge(experiment, tmp_path / "estimator") == ()
