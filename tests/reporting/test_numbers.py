"""How numbers are written for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.reporting.numbers import count, percent, quantity, setting, signed

FRACTIONS = st.floats(-1, 1, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.293, "29.3%"), (0.0, "0.0%"), (-0.0, "0.0%"), (0.0004, "0.04%"), (-0.02, "−2.0%")],
)
def test_a_fraction_is_written_in_percent(value, text):
    assert percent(value) == text


@given(FRACTIONS)
def test_a_percentage_is_within_its_last_digit(value):
    read = float(percent(value).replace("−", "-").removesuffix("%")) / 100
    assert read == pytest.approx(value, abs=0.00051)


@given(FRACTIONS)
def test_a_zero_has_no_sign_and_all_else_has_one(value):
    text = signed(value)
    shows_nothing = not text.strip("0.%")
    assert shows_nothing or text[0] == ("+" if value > 0 else "−")


def test_what_is_not_known_is_not_written_as_a_number():
    assert count(None) == "unknown"
    assert count(21386) == "21,386"


def test_a_large_measurement_has_no_power_of_ten():
    assert quantity(12345.6) == "12346"
    assert quantity(0.07445) == "0.07445"


def test_settings_are_written_as_in_the_parameters():
    assert setting((64, 32)) == "[64, 32]"
    assert setting(None) == "null"
    assert setting(True) == "true"
    assert setting(0.003) == "0.003"
