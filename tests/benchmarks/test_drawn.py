"""Many random splits are what one was drawn from, and the leak is the extract's."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from benchmarks import drawn, published

ROOT = Path(__file__).parents[2]
RECIPE = yaml.safe_load((ROOT / "docs/published.yaml").read_text(encoding="utf-8"))["drawn"][
    "heart"
]
SLOPES = ["slope_up", "slope_flat", "slope_down"]


def patients():
    """Give six patients: the last three without a slope."""
    return pd.DataFrame(
        {
            "slope_up": [1, 0, 0, 0, 0, 0],
            "slope_flat": [0, 1, 0, 0, 0, 0],
            "slope_down": [0, 0, 1, 0, 0, 0],
            "disease": [1, 0, 0, 0, 1, 1],
        }
    )


def test_a_missing_slope_is_filled_by_the_label_and_no_other_is_touched():
    filled = drawn.leaked(patients())
    assert filled["slope_up"].tolist() == [1, 0, 0, 1, 0, 0]
    assert filled["slope_flat"].tolist() == [0, 1, 0, 0, 1, 1]
    assert filled["slope_down"].tolist() == [0, 0, 1, 0, 0, 0]
    assert patients().equals(patients())


def test_each_draw_takes_the_share_and_no_two_are_alike():
    found = list(drawn.draws({**RECIPE, "repeats": 20}, 918))
    assert {int(train.sum()) for train in found} == {734}
    assert len({train.tobytes() for train in found}) == 20


def test_mean_interval_and_range_worked_by_hand():
    # As for two of five folds: variance 1/2 times (1/2 + 1/4) is 3/8; Student's t with one degree
    # of freedom is 12.706; 12.706 * sqrt(3/8) = 7.781.
    found = drawn.summary([0.0, 1.0], 0.8)
    assert found["mean"] == 0.5
    assert found["hi"] - 0.5 == pytest.approx(7.781, abs=1e-3)
    assert (found["low"], found["high"]) == (0.025, 0.975)


def test_the_label_gives_itself_away_and_shuffled_labels_do_not():
    rng = np.random.default_rng(1)
    names = list(drawn.plugins.dataset("heart_hospitals").SPEC.features)
    frame = pd.DataFrame(rng.normal(size=(300, len(names))), columns=names)
    frame["disease"] = rng.integers(0, 2, 300)
    train = np.arange(300) < 240
    few = {**RECIPE, "models": {"tree": RECIPE["models"]["tree"]}}
    assert drawn.accuracies(few, frame, train)["tree"] < 0.75
    frame["slope_up"] = 1 - frame["disease"]
    assert drawn.accuracies(few, frame, train)["tree"] == 1


@pytest.mark.skipif(
    not os.environ.get("FOURSPLIT_MIRROR"),
    reason="no mirror of the data sets: FOURSPLIT_MIRROR is not set",
)
def test_the_files_with_slopes_filled_by_the_label_have_the_extracts_counts():
    frame = drawn.distinct(published.rows("heart_hospitals"))
    assert (len(frame), int(frame["disease"].sum())) == (918, 508)
    ill = frame["disease"] == 1
    written = {
        name: (int((frame[name] * ~ill).sum()), int((frame[name] * ill).sum())) for name in SLOPES
    }
    assert written == {"slope_up": (125, 78), "slope_flat": (79, 266), "slope_down": (14, 49)}
    filled = drawn.leaked(frame)
    counts = {
        name: (int((filled[name] * ~ill).sum()), int((filled[name] * ill).sum())) for name in SLOPES
    }
    # Healthy and ill in the extract, as public notebooks on it print them.
    assert counts == {"slope_up": (317, 78), "slope_flat": (79, 381), "slope_down": (14, 49)}
