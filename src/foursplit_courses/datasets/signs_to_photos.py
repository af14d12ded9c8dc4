"""Hands that show 0 to 5: learnt on SIGNS, meant for other people before other cameras."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import UNPACKED, DatasetSpec, RemoteFiles
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit_courses.transforms import jpeg
from foursplit_courses.transforms.area_resize import area_resize
from foursplit_courses.transforms.bands import band
from foursplit_courses.transforms.brightness import brightness_columns

SIDE = 64  # pixels of SIGNS; the students' 100 are brought down to it
PHOTO_SIDE = 100
N_SIGNS, N_PHOTOS = 1_200, 1_237
SITTING = 10  # shots numbered one after the other: the same hand before the same wall
CAMERA, TIME = 272, 306  # EXIF tags

SPEC = DatasetSpec(
    title="Hand signs, and those of other people",
    provenance=(
        "SIGNS' 1,200 photos and, of the Sign Language Digits, the 1,237 that show 0 to 5: some "
        "two hundred students, two cameras, four days, grey background, brought down from 100 by "
        "100 pixels. Each student showed 0 to 9 in turn: a sign lower than the one before begins "
        "the next student. SIGNS' shots are grouped by tens of their running number."
    ),
    files=(RemoteFiles(entry="course_signs"), RemoteFiles(entry="sign_language_digits")),
    target="sign",
    classes=tuple("012345"),
    group="sitting",
    domains={"signs": "source", "students": "target"},
    slices=("sign", "camera", "day", "brightness_band"),
    reference=None,  # no human level is published
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read photos as (colour, row, column), 0 dark to 1 bright, with the sitting's person."""
    ours = sorted((raw / "course_signs" / UNPACKED / "64x64_SIGNS").glob("*/*.jpg"))
    signs = pd.DataFrame(
        {
            "sign": [int(path.name[0]) for path in ours],
            "domain": "signs",
            "sitting": [f"shots {shot_number(path) // SITTING * SITTING}" for path in ours],
            "camera": "unknown",
            "day": "unknown",
        }
    )
    theirs = sorted((raw / "sign_language_digits" / UNPACKED / "Dataset").glob("*/*.JPG"))
    table = identify_students(theirs)
    table = table[table["sign"] < len(SPEC.classes)]
    photos = jpeg.read(table["path"].tolist(), PHOTO_SIDE) / np.float32(255)
    x = np.concatenate([jpeg.read(ours, SIDE) / np.float32(255), area_resize(photos, SIDE)])
    x = np.ascontiguousarray(x.transpose(0, 3, 1, 2), dtype=np.float32).clip(0, 1)
    rows = pd.concat([signs, table[signs.columns]], ignore_index=True)
    rows = rows.assign(**brightness_columns(x))
    # Fixed limits, so that no photo's band depends on the others.
    rows["brightness_band"] = band(
        rows["brightness"], [0, 0.5, 0.6, 0.7, 1], ["dark", "dim", "light", "bright"]
    )
    return Examples(x=x, metadata=rows)  # (example, colour, row, column)


def identify_students(paths: list[Path]) -> pd.DataFrame:
    """Order photos (path, sign, camera, day) as they were taken, and tell the students apart.

    Shots of one second follow each other by their number.
    """
    from PIL import Image

    shots = []
    for path in paths:
        with Image.open(path) as photo:
            tags = photo.getexif()
        if CAMERA not in tags or TIME not in tags:
            raise FoursplitError(
                f"{path}: lacks the camera or the time (EXIF tags {CAMERA} and {TIME})"
            )
        shots.append(
            (tags[TIME], shot_number(path), int(path.parent.name), tags[CAMERA].strip(), path)
        )
    table = pd.DataFrame(shots, columns=["time", "number", "sign", "camera", "path"])
    table = table.sort_values(["time", "number"], ignore_index=True)
    begins = table["sign"].diff() < 0
    table["sitting"] = "student " + begins.cumsum().astype(str)
    table["day"] = table["time"].str[:10].str.replace(":", "-")
    table["domain"] = "students"
    return table


def shot_number(path: Path) -> int:
    """Read a shot's running number off its name, `2_IMG_4656.jpg` or `IMG_1118.JPG`."""
    match = re.search(r"IMG_(\d+)", path.name)
    if not match:
        raise FoursplitError(f"{path}: names no shot, as IMG_1118.JPG does")
    return int(match[1])


def suite() -> list[Any]:
    """Return the expectations on the photos and their metadata."""
    import great_expectations.expectations as gxe

    cameras = ["unknown", "Canon EOS 550D", "iPhone 7"]
    return [
        gxe.ExpectTableRowCountToEqual(value=N_SIGNS + N_PHOTOS),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="sign", value_set=list(range(6))),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=[*SPEC.domains]),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="camera", value_set=cameras),
        gxe.ExpectColumnValuesToNotBeNull(column="sitting"),
        gxe.ExpectColumnValuesToBeBetween(column="brightest", min_value=0.3, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0, max_value=0.65),
        gxe.ExpectColumnValuesToBeBetween(column="brightness", min_value=0.1, max_value=0.95),
    ]
