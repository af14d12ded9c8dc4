"""Handwritten digits 5 to 9, 8 by 8 pixels: few examples, for which features are borrowed."""

from pathlib import Path
from typing import Any

from foursplit.core.examples import Examples
from foursplit_courses.transforms.digit_classes import (
    declare_digits,
    expect_digits,
    read_digits,
)

DIGITS = range(5, 10)

SPEC = declare_digits(
    "Digits 5 to 9",
    (
        "The 896 fives to nines among 1,797 digits by 13 writers: the test part of UCI's "
        "optdigits, carried by scikit-learn. Train has some 45 of them, so that features learnt "
        "from other digits can help."
    ),
    DIGITS,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, row, column), 0 paper to 1 ink."""
    return read_digits(raw, DIGITS)


def suite() -> list[Any]:
    """Return the expectations on the pictures and their labels."""
    return expect_digits(SPEC, 896)
