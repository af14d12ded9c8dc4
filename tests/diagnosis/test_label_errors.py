"""Planted mislabels are found, and right answers are looked at too."""

import numpy as np
import pandas as pd
import pytest

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import validate
from foursplit.diagnosis.with_sklearn.label_errors import RANDOM, SUSPECTED, suspected_labels

CLASSES = ("cat", "dog", "owl")


def planted(rng, n=600, n_wrong=30, name=str):
    """Give a table of a good model's answers, and the examples whose labels were turned."""
    truth = rng.integers(0, 3, n)
    proba = rng.dirichlet(np.ones(3), n) * 0.2
    proba[np.arange(n), truth] += 0.8
    y = truth.copy()
    wrong = rng.choice(n, n_wrong, replace=False)
    y[wrong] = (y[wrong] + 1) % 3
    frame = pd.DataFrame({f"proba_{CLASSES[k]}": proba[:, k] for k in range(3)})
    frame["example_id"] = [f"e{k}" for k in range(n)]
    frame["y"] = np.array(CLASSES)[y]
    frame["y_hat"] = np.array(CLASSES)[proba.argmax(1)]
    return validate(frame, "dev"), {f"e{k}" for k in wrong}


@pytest.mark.parametrize("rank_by", ["self_confidence", "normalized_margin"])
def test_planted_mislabels_are_found(rng, rank_by):
    table, wrong = planted(rng)
    found = suspected_labels(table, 30, rng=rng, rank_by=rank_by)
    first = found[found["why"] == SUSPECTED]
    assert set(first["example_id"]) <= wrong
    assert len(first) >= 24  # confident learning estimates how many there are, and not by far
    assert first["quality"].is_monotonic_increasing


def test_reading_errors_at_random_would_find_fewer(rng):
    # A model that is often wrong: most of its errors are its own, not the label's.
    table, wrong = planted(rng)
    frame = table.frame.copy()
    own = rng.choice(600, 200, replace=False)
    columns = [f"proba_{name}" for name in CLASSES]
    frame.loc[own, columns] = rng.dirichlet(np.full(3, 5.0), 200)
    frame["y_hat"] = np.array(CLASSES)[frame[columns].to_numpy().argmax(1)]
    table = validate(frame.drop(columns=["loss", "is_error"]), "dev")
    found = set(suspected_labels(table, 30, rng=rng).query("why == 'suspected'")["example_id"])
    errors = table.frame["example_id"][table.is_error]
    expected_at_random = 30 * len(wrong & set(errors)) / len(errors)
    assert len(wrong & found) > 1.5 * expected_at_random


def test_right_answers_that_nobody_suspects_are_listed_at_random(rng):
    table, _ = planted(rng)
    found = suspected_labels(table, 40, rng=rng)
    drawn = found[found["why"] == RANDOM]
    assert len(drawn) == 40
    assert (drawn["y"] == drawn["y_hat"]).all()
    assert found["example_id"].is_unique
    other = suspected_labels(table, 40, rng=np.random.default_rng(99))
    assert set(other[other["why"] == RANDOM]["example_id"]) != set(drawn["example_id"])


def test_no_label_is_changed(rng):
    table, _ = planted(rng)
    before = table.frame.copy()
    suspected_labels(table, rng=rng)
    pd.testing.assert_frame_equal(table.frame, before)


def test_a_model_that_agrees_with_every_label_suspects_none(rng):
    table, _ = planted(rng, n_wrong=0)
    assert set(suspected_labels(table, 10, rng=rng)["why"]) == {RANDOM}


def test_the_order_of_rows_changes_nothing(rng):
    table, _ = planted(rng)
    mixed = table.take(rng.permutation(len(table)))
    one, other = (suspected_labels(t, 20, rng=np.random.default_rng(1)) for t in (table, mixed))
    pd.testing.assert_frame_equal(one, other)


def test_a_class_without_examples_is_no_obstacle(rng):
    table, _ = planted(rng, n_wrong=0)
    some = table.take((table.frame["y"] != "owl").to_numpy())
    assert set(suspected_labels(some, 10, rng=rng).columns) == {
        "example_id",
        "y",
        "y_hat",
        "quality",
        "why",
    }


def test_class_numbers_read_back_as_quantities_still_fit(rng):
    frame = pd.DataFrame({"proba_0": [0.9, 0.1, 0.8], "proba_1": [0.1, 0.9, 0.2]})
    frame["example_id"], frame["y"], frame["y_hat"] = list("abc"), [0.0, 1.0, 0.0], [0, 1, 0]
    assert len(suspected_labels(validate(frame.assign(loss=0.0), "dev"), 3, rng=rng)) == 3


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda f: f.drop(columns=["proba_dog", "proba_owl"]), "two or more classes"),
        (lambda f: f.assign(proba_dog=f["proba_dog"] / 2), "sum to"),
        (lambda f: f.assign(y="bird"), "unknown class 'bird'"),
        (lambda f: f.drop(columns="y"), "column 'y'"),
    ],
)
def test_a_table_that_cannot_be_searched_is_refused(rng, change, problem):
    frame = planted(rng, 50, 3)[0].frame
    with pytest.raises(FoursplitError, match=problem):
        suspected_labels(validate(change(frame), "dev"), rng=rng)
