"""SIGNS: hands that show 0 to 5, with the course's own test."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import UNPACKED, DatasetSpec, RemoteFiles
from foursplit.core.examples import OFFICIAL, Examples
from foursplit_courses.transforms import jpeg
from foursplit_courses.transforms.bands import band
from foursplit_courses.transforms.brightness import brightness_columns

SIDE = 64  # pixels
PARTS = {"train": 864, "val": 216, "test": 120}
PUBLISHED_AS = {"train": "train", "val": "train", "test": "test"}

SPEC = DatasetSpec(
    title="SIGNS",
    provenance=(
        "1,200 photos of hands before a white wall, showing 0 to 5; 1,080 for learning and 120 "
        "for the test, 20 a sign, as the course deals them. (The files set 216 of the 1,080 apart "
        "for validation; here they are train again, and a hash assigns dev.) One photo of train "
        "shows no hand."
    ),
    files=(RemoteFiles(entry="course_signs"),),
    target="sign",
    classes=tuple("012345"),
    row_is_unit=(
        "the course deals photo by photo, and its figures are measured so: shots taken one after "
        "the other lie in train and in test. Grouped, nearly all of train would be removed"
    ),
    slices=("sign", "brightness_band", "hand_band"),
    reference=None,  # no human level is published
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read photos as (colour, row, column), 0 dark to 1 bright, with the part each came in."""
    folder = raw / "course_signs" / UNPACKED / "64x64_SIGNS"
    files = {part: sorted((folder / f"{part}_signs").glob("*.jpg")) for part in PARTS}
    paths = [path for block in files.values() for path in block]
    parts = [PUBLISHED_AS[part] for part, block in files.items() for _ in block]
    x = jpeg.read(paths, SIDE).transpose(0, 3, 1, 2) / np.float32(255)
    x = np.ascontiguousarray(x)
    hand = (x[:, 0] - x[:, 2] > 0.15).mean(axis=(1, 2))  # skin is redder than the wall
    rows = pd.DataFrame(
        {
            "sign": [int(path.name[0]) for path in paths],
            "domain": "all",
            OFFICIAL: parts,
            **brightness_columns(x),
            "hand": hand,
            "no_hand": (hand == 0).astype(int),
        }
    )
    # Fixed limits, so that no photo's band depends on the others.
    rows["brightness_band"] = band(
        rows["brightness"], [0, 0.7, 0.725, 1], ["dark", "middle", "bright"]
    )
    rows["hand_band"] = band(hand, [-1, 0.15, 0.25, 1], ["small", "middle", "large"])
    return Examples(x=x, metadata=rows)  # (example, colour, row, column)


def suite() -> list[Any]:
    """Return the expectations on the photos and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=sum(PARTS.values())),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="sign", value_set=list(range(6))),
        # 200 of each.
        gxe.ExpectColumnMeanToBeBetween(column="sign", min_value=2.5, max_value=2.5),
        gxe.ExpectColumnDistinctValuesToEqualSet(column=OFFICIAL, value_set=["train", "test"]),
        gxe.ExpectColumnValuesToBeBetween(column="brightest", min_value=0.6, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0, max_value=0.65),
        gxe.ExpectColumnValuesToBeBetween(column="brightness", min_value=0.3, max_value=0.95),
        gxe.ExpectColumnValuesToBeBetween(column="hand", min_value=0, max_value=0.7),
        # One shot shows the wall alone, and is labelled all the same.
        gxe.ExpectColumnSumToBeBetween(column="no_hand", min_value=1, max_value=1),
    ]
