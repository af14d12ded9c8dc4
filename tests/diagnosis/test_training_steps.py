"""Train longer: first where train is not fitted and its loss still falls, never without epochs."""

import pytest
from tests.diagnosis.test_convergence import power, rows
from tests.diagnosis.test_gap_actions import diagnosed

BIASED = {"train": (300, 1000), "train_dev": (155, 500), "dev": (160, 500)}  # 30, 31 and 32 %
NO_GAP = {"train": (30, 1000), "train_dev": (17, 500), "dev": (16, 500)}  # 3 % everywhere
OTHER = {"train": (100, 1000), "train_dev": (55, 500), "dev": (300, 500)}  # 10, 11 and 60 %
ALIKE = {"same_distribution": True}


def first(counts, curve=None, **settings):
    curves = [] if curve is None else [curve]
    return diagnosed(counts, curves=curves, **settings)["next"][0]


def test_a_biased_model_whose_loss_falls_fast_is_trained_longer():
    # From 30 %: four times the epochs leave half of it at a power of one half.
    step = first(BIASED, power(40, 0.6), **ALIKE)
    assert (step["link"], step["changes"]) == ("avoidable_bias", "epochs")
    assert "13.1%" in step["action"]  # 30 % · 4^-0.6


@pytest.mark.parametrize("curve", [None, power(40, 0.05), rows([0.6] * 40)])
def test_a_biased_model_that_has_converged_or_falls_too_slowly_is_too_small(curve):
    assert first(BIASED, curve, **ALIKE)["changes"] == "model_size"


def test_a_model_that_has_hardly_been_trained_is_trained_before_anything_else():
    step = first(BIASED, rows([1.0, 0.8]), **ALIKE)
    assert (step["link"], step["changes"]) == ("training", "epochs")
    assert step["gain"] == pytest.approx(0.3)
    steps = diagnosed(BIASED, curves=[rows([1.0, 0.8])], **ALIKE)["next"]
    assert [s["changes"] for s in steps].count("epochs") == 1
    assert [s["rank"] for s in steps] == [*range(1, len(steps) + 1)]


def test_no_training_brings_examples_like_dev():
    assert first(OTHER, rows([1.0, 0.8]))["changes"] == "target_data"
    alike = {"train": (270, 1000), "train_dev": (140, 500), "dev": (300, 500)}  # 27, 28, 60 %
    assert first(alike, rows([1.0, 0.8]))["changes"] == "target_data"


def test_where_nothing_is_significant_training_ends_before_work_does():
    settings = ALIKE | {"human_error": 0.022}
    assert first(NO_GAP, power(40, 0.6), **settings)["changes"] == "epochs"
    assert first(NO_GAP, rows([0.1] * 40), **settings)["changes"] == "nothing"


def test_a_model_as_good_as_people_on_train_is_not_trained_longer():
    fitted = {"train": (0, 1000), "train_dev": (60, 500), "dev": (62, 500)}
    for curve in (power(40, 2.0), rows([1.0, 0.5])):
        steps = diagnosed(fitted, curves=[curve], **ALIKE)["next"]
        assert not [step for step in steps if step["changes"] == "epochs"]


def test_a_penalty_is_blamed_only_where_the_loss_has_stopped_falling():
    penalties = {"weight_decay": 0.1}
    assert first(BIASED, rows([0.6] * 40), penalties=penalties, **ALIKE)["changes"] == "penalty"
    assert first(BIASED, power(40, 0.2), penalties=penalties, **ALIKE)["changes"] == "epochs"


def test_of_two_like_gains_the_one_that_needs_no_data_comes_first():
    both = {"train": (100, 1000), "train_dev": (110, 500), "dev": (112, 500)}  # 10 and 12 points
    curve, penalties = rows([0.6] * 40), {"weight_decay": 0.1}
    steps = diagnosed(both, curves=[curve], penalties=penalties, **ALIKE)["next"]
    assert [step["changes"] for step in steps[:2]] == ["penalty", "train_data"]
    assert steps[0]["gain"] < steps[1]["gain"]


def test_a_model_without_epochs_is_never_trained_longer():
    steps = diagnosed(BIASED, has_epochs=False, **ALIKE)["next"]
    assert steps[0]["changes"] == "model_size"
    assert not any("longer" in step["action"] or "epochs" in step["action"] for step in steps)


def test_the_file_holds_the_convergence_only_where_a_curve_tells():
    assert diagnosed(BIASED, curves=[power(40, 0.5)])["convergence"]["is_falling"]
    assert "convergence" not in diagnosed(BIASED)
