"""Handwritten digits 0 to 4, 8 by 8 pixels: many examples, to learn features from."""

from pathlib import Path
from typing import Any

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit_courses.transforms.digit_classes import FILE, read_digits

DIGITS = range(5)

SPEC = DatasetSpec(
    title="Digits 0 to 4",
    provenance=(
        "The 901 zeros to fours among 1,797 digits by 13 writers: the test part of UCI's "
        "optdigits, carried by scikit-learn."
    ),
    licence="CC BY 4.0",
    cite="Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine "
    "Learning Repository, doi:10.24432/C50P49",
    files=(FILE,),
    target="digit",
    classes=tuple(str(digit) for digit in DIGITS),
    row_is_unit="the file does not say who wrote which digit",
    slices=("digit", "ink_band"),
    reference=None,  # nobody has measured people on these pictures
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, row, column), 0 paper to 1 ink."""
    return read_digits(raw, DIGITS)


def suite() -> list[Any]:
    """Return the expectations on the pictures and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=901),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=[*SPEC.classes]),
        gxe.ExpectColumnValuesToBeBetween(column="ink", min_value=0.1, max_value=0.7),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0.3, max_value=1),
    ]
