"""Handwritten zeros and ones, 8 by 8 pixels: two classes that are easy to tell apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec
from foursplit.core.examples import Examples

SIDE = 8  # pixels
WHITE = 16.0  # brightest pixel: counts of ink in a 4 by 4 block of the scanned bitmap
N_ZEROS, N_ONES = 178, 182

SPEC = DatasetSpec(
    title="Zeros and ones",
    provenance=(
        "The 178 zeros and 182 ones among 1,797 digits by 13 writers: the test part of UCI's "
        "optdigits, carried by scikit-learn. Dev and test have some 70 pictures each, where one "
        "picture is 1.4 points of error."
    ),
    licence="CC BY 4.0",
    cite="Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine "
    "Learning Repository, doi:10.24432/C50P49",
    files=(
        BundledFile(
            package="sklearn",
            path="datasets/data/digits.csv.gz",
            sha256="09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
        ),
    ),
    target="digit",
    classes=("0", "1"),
    row_is_unit="the file does not say who wrote which digit",
    slices=("ink_band",),
    reference=None,  # nobody has measured people on these pictures
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, row, column), 0 paper to 1 ink."""
    table = np.loadtxt(raw / "digits.csv.gz", delimiter=",", dtype=np.float32)
    table = table[table[:, -1] < 2]
    x, digits = table[:, :-1].reshape(-1, 1, SIDE, SIDE) / WHITE, table[:, -1].astype(np.int64)
    ink = x.mean(axis=(1, 2, 3))
    rows = pd.DataFrame({"digit": digits, "ink": ink, "darkest": x.max(axis=(1, 2, 3))})
    rows["ink_band"] = np.where(ink < np.median(ink), "thin", "bold")
    return Examples(x=x, metadata=rows)


def suite() -> list[Any]:
    """Return the expectations on the pictures and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_ZEROS + N_ONES),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=[0, 1]),
        gxe.ExpectColumnSumToBeBetween(column="digit", min_value=N_ONES, max_value=N_ONES),
        gxe.ExpectColumnValuesToBeBetween(column="ink", min_value=0.1, max_value=0.7),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0.3, max_value=1),
    ]
