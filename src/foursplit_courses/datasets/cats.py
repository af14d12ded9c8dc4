"""Cats or not: the photos of the course's first networks, with the course's own test."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit.core.examples import OFFICIAL, Examples
from foursplit_courses.transforms.bands import band
from foursplit_courses.transforms.brightness import brightness_columns

PARTS = {"train": 209, "test": 50}
N_CATS = {"train": 72, "test": 33}

SPEC = DatasetSpec(
    title="Cats or not",
    provenance=(
        "259 photos of 64 by 64 pixels, 209 for learning and 50 for the test, as the course deals "
        "them. A third of the first are cats (72), and two thirds of the second (33): the parts "
        "differ, and a model that always says cat is right on 66 % of the test."
    ),
    files=(RemoteFiles(entry="course_catvnoncat"),),
    target="cat",
    classes=("non-cat", "cat"),
    row_is_unit="photos of many hands, each on its own; nothing says which show one animal",
    slices=("cat", "brightness_band", "colour_band"),
    reference=None,  # no human level is published at 64 by 64 pixels
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read photos as (colour, row, column), 0 dark to 1 bright, with the part each came in."""
    import h5py

    photos, labels = {}, []
    for part in PARTS:
        with h5py.File(raw / "course_catvnoncat" / f"{part}_catvnoncat.h5") as file:
            photos[part] = file[f"{part}_set_x"][:]
            labels.append(file[f"{part}_set_y"][:])
    x = np.concatenate(list(photos.values())).transpose(0, 3, 1, 2) / np.float32(255)
    # Between a pixel's strongest and weakest colour: 0 is grey.
    colour = (x.max(axis=1) - x.min(axis=1)).mean(axis=(1, 2))
    rows = pd.DataFrame(
        {
            "cat": np.concatenate(labels).astype(int),
            "domain": "all",
            OFFICIAL: np.repeat(list(photos), [len(block) for block in photos.values()]),
            **brightness_columns(x),
            "colour": colour,
        }
    )
    # Fixed limits, so that no photo's band depends on the others.
    rows["brightness_band"] = band(
        rows["brightness"], [0, 0.35, 0.5, 1], ["dark", "middle", "bright"]
    )
    rows["colour_band"] = band(colour, [-1, 0.1, 0.2, 1], ["greyish", "muted", "colourful"])
    return Examples(x=x, metadata=rows)  # (example, colour, row, column)


def suite() -> list[Any]:
    """Return the expectations on the photos and their labels."""
    import great_expectations.expectations as gxe

    n_cats = sum(N_CATS.values())
    return [
        gxe.ExpectTableRowCountToEqual(value=sum(PARTS.values())),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="cat", value_set=[0, 1]),
        gxe.ExpectColumnSumToBeBetween(column="cat", min_value=n_cats, max_value=n_cats),
        gxe.ExpectColumnDistinctValuesToEqualSet(column=OFFICIAL, value_set=list(PARTS)),
        gxe.ExpectColumnValuesToBeBetween(column="brightest", min_value=0.3, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0, max_value=0.5),
        gxe.ExpectColumnValuesToBeBetween(column="brightness", min_value=0.02, max_value=0.98),
    ]
