"""Handwritten digits 0 to 4, 8 by 8 pixels: many examples, to learn features from."""

from pathlib import Path
from typing import Any

from foursplit.core.examples import Examples
from foursplit_courses.transforms.digit_classes import (
    declare_digits,
    expect_digits,
    read_digits,
)

DIGITS = range(5)

SPEC = declare_digits(
    "Digits 0 to 4",
    (
        "The 901 zeros to fours among 1,797 digits by 13 writers: the test part of UCI's "
        "optdigits, carried by scikit-learn."
    ),
    DIGITS,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, row, column), 0 paper to 1 ink."""
    return read_digits(raw, DIGITS)


def suite() -> list[Any]:
    """Return the expectations on the pictures and their labels."""
    return expect_digits(SPEC, 901)
