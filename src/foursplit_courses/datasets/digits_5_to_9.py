"""Handwritten digits 5 to 9, 8 by 8 pixels: few examples, for which features are borrowed."""

from pathlib import Path
from typing import Any

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit_courses.transforms.digit_classes import FILE, read_digits

DIGITS = range(5, 10)

SPEC = DatasetSpec(
    title="Digits 5 to 9",
    provenance=(
        "The 896 fives to nines among 1,797 digits by 13 writers: the test part of UCI's "
        "optdigits, carried by scikit-learn. Train has some 45 of them, so that features learnt "
        "from other digits can help."
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
        gxe.ExpectTableRowCountToEqual(value=896),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=[*SPEC.classes]),
        gxe.ExpectColumnValuesToBeBetween(column="ink", min_value=0.1, max_value=0.7),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0.3, max_value=1),
    ]
