"""A wrong argument is named with its value and its limit; a limit itself is right."""

from types import SimpleNamespace

import pytest

from foursplit_courses.argument_checks import (
    check_above_zero,
    check_at_least,
    check_null_or_at_least,
)


def test_limits_themselves_are_right():
    args = SimpleNamespace(n=2, depth=None, rate=1e-300)
    check_at_least(args, n=2)
    check_null_or_at_least(args, depth=1, n=2)
    check_above_zero(args, "n", "rate")


@pytest.mark.parametrize("rate", [0, -0.5, float("nan")])
def test_what_is_not_above_zero_is_an_error(rate):
    with pytest.raises(ValueError, match=f"rate: {rate} must be above 0"):
        check_above_zero(SimpleNamespace(n=1, rate=rate), "n", "rate")


def test_the_first_argument_below_its_minimum_is_named():
    args = SimpleNamespace(n=3, depth=0)
    with pytest.raises(ValueError, match="^depth: 0 must be at least 1$"):
        check_at_least(args, n=3, depth=1)
    with pytest.raises(ValueError, match="^depth: 0 must be at least 1, or null$"):
        check_null_or_at_least(args, depth=1)
