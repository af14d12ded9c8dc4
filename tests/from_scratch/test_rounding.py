"""Rounding errors are shown by magnitude alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.from_scratch import rounding


@given(st.floats(1e-9, 1e6))
def test_the_power_is_the_next_one_above(value):
    power = rounding.ceil_power_of_ten(value)
    assert value <= power * (1 + 1e-12)
    assert value >= power / 10 * (1 - 1e-12)


@pytest.mark.parametrize("value", [0.0, 1e-17, -3e-12])
def test_nothing_smaller_than_a_billionth_is_told_apart(value):
    assert rounding.ceil_power_of_ten(value) == pytest.approx(1e-9)
    assert rounding.format_rounded(value) == "below 1e-9"


def test_costs_keep_three_digits():
    assert rounding.format_rounded(0.012345) == "0.0123"
