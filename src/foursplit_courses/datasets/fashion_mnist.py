"""Fashion-MNIST, whole: 60,000 garments to learn from, and the 10,000 of the published test."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel, RemoteFiles
from foursplit.core.examples import OFFICIAL, Examples
from foursplit_courses.transforms import idx
from foursplit_courses.transforms.bands import band

PARTS = {"train": 60_000, "test": 10_000}
FILES = {"train": "train", "test": "t10k"}  # as the published files are called
CLASSES = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot",
)  # fmt: skip

SPEC = DatasetSpec(
    title="Fashion-MNIST",
    provenance=(
        "70,000 garments of a shop's catalogue, one picture each, grey and turned to light on "
        "dark, 28 by 28 pixels; 60,000 for learning and 10,000 for the test, as published; every "
        "class equally often in both."
    ),
    files=(RemoteFiles(entry="fashion_mnist"),),
    target="garment",
    classes=CLASSES,
    row_is_unit="one picture a garment; no number says which garments are of one make",
    slices=("garment", "brightness_band", "fill_band"),
    reference=ReferenceLevel(
        error=0.165,
        kind="human",
        citation="people who are no experts, three labels each on 1,000 of the test pictures "
        "(Xiao, Rasul and Vollgraf 2017: table of results in the data set's repository)",
    ),
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, row, column), 0 dark to 1 light, with the part each came in."""
    pictures, labels, part = idx.read_parts(raw / "fashion_mnist", FILES)
    x = pictures / np.float32(255)
    filled = (x > 0).mean(axis=(1, 2))
    # Of the garment alone: a long coat is not brighter than a short one.
    brightness = x.sum(axis=(1, 2)) / (x > 0).sum(axis=(1, 2))
    rows = pd.DataFrame(
        {
            "garment": labels.astype(int),
            "domain": "all",
            OFFICIAL: part,
            "brightest": x.max(axis=(1, 2)),
            "darkest": x.min(axis=(1, 2)),
            "filled": filled,
            "brightness": brightness,
        }
    )
    # Fixed limits, so that no picture's band depends on the others.
    rows["brightness_band"] = band(brightness, [0, 0.4, 0.6, 1], ["dark", "middle", "bright"])
    rows["fill_band"] = band(filled, [0, 0.35, 0.6, 1], ["under 35 %", "35 to 60 %", "over 60 %"])
    return Examples(x=x[:, None], metadata=rows)  # (example, 1, row, column)


def suite() -> list[Any]:
    """Return the expectations on the pictures and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=sum(PARTS.values())),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="garment", value_set=list(range(10))),
        # Ten classes of 7,000 each.
        gxe.ExpectColumnMeanToBeBetween(column="garment", min_value=4.5, max_value=4.5),
        gxe.ExpectColumnDistinctValuesToEqualSet(column=OFFICIAL, value_set=list(PARTS)),
        gxe.ExpectColumnValuesToBeBetween(column="brightest", min_value=0.2, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0, max_value=0.1),
        gxe.ExpectColumnValuesToBeBetween(column="filled", min_value=0.02, max_value=1),
    ]
