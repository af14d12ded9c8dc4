"""A class that train never had is a finding by name, and a quantity is no class."""

import numpy as np
import pandas as pd
import pytest

from foursplit import plugins
from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.error_analysis import unseen_classes
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings
from foursplit.reporting.diagnosis_text import lines
from foursplit.reporting.pages.diagnosis import page

N = 200


def table(split, y, y_hat=None, **columns):
    frame = {
        "example_id": [f"{split}{k}" for k in range(len(y))],
        "y": y,
        "y_hat": y if y_hat is None else y_hat,
    }
    return prediction_table.validate(pd.DataFrame({**frame, **columns}), split)


def of(names, n=N):
    return [names[k % len(names)] for k in range(n)]


def told(*made):
    return diagnose_as_json([Model(tables={t.split: t for t in made})], Settings(n_resamples=50))


@pytest.mark.parametrize("names", [["cat", "dog", "<bird>"], [0, 1, 2], [False, True]])
def test_a_class_that_train_never_had_is_said_by_name(names):
    *known, new = names
    dev = of(names)
    guess = [known[0] if label == new else label for label in dev]
    found = told(table("train", of(known)), table("dev", dev, guess))
    n = dev.count(new)
    (one,) = found["unseen_classes"]
    assert one["split"] == "dev"
    assert one["classes"] == {str(new): n}
    assert (one["n"], one["error"], one["share_of_error"]) == (n, 1.0, 1.0)
    said = [f for f in found["findings"] if f["code"] == "ST032"]
    assert len(said) == 1
    assert repr(str(new)) in said[0]["title"]
    assert any("ST032" in line and repr(str(new)) in line for line in lines(found))
    html = page(found, "mine")
    assert "ST032" in html
    assert "<bird>" not in html
    step = next(step for step in found["next"] if step["link"] == "classes")
    assert step["gain"] == pytest.approx(n / N)


def test_a_model_that_learns_no_labels_lacks_no_class():
    """An anomaly detector is trained on what is normal: to add anomalies there is no advice."""
    made = table("train", of(["normal"])), table("dev", of(["normal", "odd"]))
    tables = {t.split: t for t in made}
    asked = Settings(n_resamples=50, learns_labels=False)
    found = diagnose_as_json([Model(tables=tables)], asked)
    assert "unseen_classes" not in found
    assert not [step for step in found["next"] if step["link"] == "classes"]
    assert plugins.metrics("detect_anomalies").LEARNS_LABELS is False


@pytest.mark.parametrize("split", ["train_dev", "test"])
def test_each_split_is_held_against_train(split):
    found = told(table("train", of(["a", "b"])), table("dev", of(["a"])), table(split, of(["c"])))
    assert [one["split"] for one in found["unseen_classes"]] == [split]
    assert not any(step["link"] == "classes" for step in found["next"])  # dev is what one works on


def test_many_classes_are_counted_and_some_named():
    train, dev = table("train", of(["a", "b"])), table("dev", of([f"n{k}" for k in range(40)]))
    unseen = unseen_classes.unseen_classes({"train": train, "dev": dev})
    (finding,) = unseen_classes.findings(unseen)
    assert "40 classes" in finding.title
    assert "35 more" in finding.title
    assert len(unseen[0].as_json()["classes"]) == 40


QUANTITY = np.arange(N) % 7 * 1.0


@pytest.mark.parametrize(
    ("train", "dev"),
    [
        (table("train", of("ab")), table("dev", of("a"))),  # nothing new
        (table("train", QUANTITY, loss=0.3), table("dev", QUANTITY + 9, loss=0.4)),
        (table("train", of([1, 2]), loss=0.3), table("dev", of([3]), loss=0.4)),
        (table("train", [f"text {k}" for k in range(N)]), table("dev", of(["other text"]))),
    ],
)
def test_where_nothing_is_new_or_labels_are_no_classes_nothing_is_said(train, dev):
    made = {"train": train, "dev": dev}
    assert unseen_classes.unseen_classes(made) == []
    assert "unseen_classes" not in told(train, dev)


def test_one_type_of_label_is_compared_with_another():
    train, dev = table("train", of([1, 2]), loss=0.0), table("dev", of(["1", "2"]), loss=0.0)
    assert unseen_classes.unseen_classes({"train": train, "dev": dev}) == []
