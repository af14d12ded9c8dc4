"""Some of the ten digits of UCI's optdigits, as scikit-learn carries them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec
from foursplit.core.examples import Examples

SIDE = 8  # pixels
WHITE = 16.0  # brightest pixel: counts of ink in a 4 by 4 block of the scanned bitmap

FILE = BundledFile(
    package="sklearn",
    path="datasets/data/digits.csv.gz",
    sha256="09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
)


def declare_digits(title: str, provenance: str, digits: range) -> DatasetSpec:
    """Return the declaration of a data set of some digits."""
    return DatasetSpec(
        title=title,
        provenance=provenance,
        licence="CC BY 4.0",
        cite="Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine "
        "Learning Repository, doi:10.24432/C50P49",
        files=(FILE,),
        target="digit",
        classes=tuple(str(digit) for digit in digits),
        row_is_unit="the file does not say who wrote which digit",
        slices=("digit", "ink_band"),
        reference=None,  # nobody has measured people on these pictures
        picture=True,
    )


def read_digits(raw: Path, digits: range) -> Examples:
    """Read the pictures of some digits as (channel, row, column), 0 paper to 1 ink."""
    table = np.loadtxt(raw / "digits.csv.gz", delimiter=",", dtype=np.float32)
    table = table[np.isin(table[:, -1], list(digits))]
    x = table[:, :-1].reshape(-1, 1, SIDE, SIDE) / WHITE
    ink, names = x.mean(axis=(1, 2, 3)), table[:, -1].astype(int).astype(str)
    rows = pd.DataFrame({"digit": names, "ink": ink, "darkest": x.max(axis=(1, 2, 3))})
    rows["ink_band"] = np.where(ink < np.median(ink), "thin", "bold")
    return Examples(x=x, metadata=rows)


def expect_digits(spec: DatasetSpec, n_rows: int) -> list[Any]:
    """Return the expectations on `n_rows` pictures and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=n_rows),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=[*spec.classes]),
        gxe.ExpectColumnValuesToBeBetween(column="ink", min_value=0.1, max_value=0.7),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0.3, max_value=1),
    ]
