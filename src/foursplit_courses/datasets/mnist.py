"""MNIST, whole: 60,000 digits to learn from, and the 10,000 of the published test."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel, RemoteFiles
from foursplit.core.examples import OFFICIAL, Examples
from foursplit_courses.transforms import idx
from foursplit_courses.transforms.bands import band
from foursplit_courses.transforms.digit_pictures import ink_columns

SIDE = 28  # pixels
PARTS = {"train": 60_000, "test": 10_000}
FILES = {"train": "train", "test": "t10k"}  # as the published files are called

SPEC = DatasetSpec(
    title="MNIST",
    provenance=(
        "70,000 digits from forms that census staff and students filled in, centred by their mass "
        "in 28 by 28 pixels; 60,000 for learning and 10,000 for the test, as published. No writer "
        "is in both parts."
    ),
    files=(RemoteFiles(entry="mnist"),),
    target="digit",
    classes=tuple("0123456789"),
    row_is_unit="the files do not say who wrote which digit; the published parts share no writer",
    slices=("digit", "ink_band", "lean_band"),
    reference=ReferenceLevel(
        error=0.002,
        kind="human",
        citation="digits of this kind, read by people (Simard, LeCun and Denker 1993, Efficient "
        "pattern recognition using a new transformation distance: about 0.2 %; recalled)",
    ),
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, row, column), 0 paper to 1 ink, with the part each came in."""
    pictures, labels, part = idx.read_parts(raw / "mnist", FILES)
    x = pictures / np.float32(255)
    ink, lean = ink_columns(x), _lean(x)
    rows = pd.DataFrame(
        {
            "digit": labels.astype(int),
            "domain": "all",
            OFFICIAL: part,
            **ink,
            "lean": lean,
        }
    )
    # Fixed limits, so that no picture's band depends on the others.
    rows["ink_band"] = band(
        ink["ink"], [-1, 0.09, 0.13, 0.18, 1], ["thin", "light", "bold", "heavy"]
    )
    rows["lean_band"] = band(
        lean, [-np.inf, -0.1, 0.2, 0.5, np.inf], ["left", "upright", "right", "far right"]
    )
    return Examples(x=x[:, None], metadata=rows)  # (example, 1, row, column)


def _lean(x: np.ndarray) -> np.ndarray:
    """Give each picture's columns to the right per row upwards: 0 upright, 1 at 45 degrees."""
    mass = x.sum(axis=(1, 2))
    along = np.arange(SIDE, dtype=np.float32)
    down, across = x.sum(axis=2) @ along / mass, x.sum(axis=1) @ along / mass
    squares = x.sum(axis=2) @ along**2 / mass - down**2
    products = np.einsum("nrc,r,c->n", x, along, along, optimize=True) / mass - down * across
    return -products / squares


def suite() -> list[Any]:
    """Return the expectations on the pictures and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=sum(PARTS.values())),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=list(range(10))),
        # 313,443 in all: five is the rarest digit, one the most frequent.
        gxe.ExpectColumnMeanToBeBetween(column="digit", min_value=4.4, max_value=4.5),
        gxe.ExpectColumnDistinctValuesToEqualSet(column=OFFICIAL, value_set=list(PARTS)),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0.7, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="lightest", min_value=0, max_value=0),
        gxe.ExpectColumnValuesToBeBetween(column="ink", min_value=0.01, max_value=0.6),
        gxe.ExpectColumnValuesToBeBetween(column="lean", min_value=-3, max_value=3),
    ]
