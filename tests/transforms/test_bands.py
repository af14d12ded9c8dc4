"""A value's band is the one whose upper limit is the first that it does not exceed."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.transforms.bands import band, third_band

LIMITS, LABELS = [-1, 0, 20, 1e6], ["none", "to 20", "more"]


@given(st.lists(st.floats(-0.99, 1e6), max_size=20))
def test_bands_agree_with_a_slow_plain_version(values):
    slow = [LABELS[sum(value > limit for limit in LIMITS) - 1] for value in values]
    assert band(np.array(values, float), LIMITS, LABELS).tolist() == slow


def test_a_limit_belongs_to_the_band_below_it():
    assert band(np.array([0, 1, 20, 21]), LIMITS, LABELS).tolist() == [
        "none",
        "to 20",
        "to 20",
        "more",
    ]


def test_what_no_band_holds_is_nan_in_letters():
    assert band(np.array([-1, np.nan, 2e6, 5]), LIMITS, LABELS).tolist() == ["nan"] * 3 + ["to 20"]


def test_a_column_gives_strings_whatever_its_index():
    column = pd.Series([5, 50], index=[7, 3])
    bands = band(column, LIMITS, LABELS)
    assert bands.dtype.kind == "U"
    assert bands.tolist() == ["to 20", "more"]


def test_no_value_changes_the_band_of_another():
    values = np.random.default_rng(1).uniform(-1, 40, 30)
    alone = [band(values[i : i + 1], LIMITS, LABELS)[0] for i in range(30)]
    assert band(values, LIMITS, LABELS).tolist() == alone


def test_thirds_are_equally_many_and_of_equal_values_the_first_is_lower():
    thirds = third_band(pd.Series([5.0, 9, 1, 5, 5, 7]))
    assert thirds.tolist() == ["low", "high", "low", "middle", "middle", "high"]
