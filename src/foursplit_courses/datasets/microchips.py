"""Acceptance of 118 microchips by two quality tests; what is accepted lies in the middle."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles

FILE = "ex2data2.txt"
N_CHIPS, N_ACCEPTED = 118, 58
FEATURES = ("first_test", "second_test")
NEAR = 0.5  # of the centre, in the tests' own scale

SPEC = DatasetSpec(
    title="Microchips by two tests",
    provenance=(
        "118 microchips with the results of two tests, about -1 to 1, and whether they passed (58 "
        "did): an exercise's table. No line parts them. Dev and test have some 24 rows each, "
        "where one row is 4 points of error: they show that the pipeline runs, and decide "
        "nothing. The cost is convex, so more seeds would not help."
    ),
    files=(RemoteFiles(entry="course_exam_microchips", only=(FILE,)),),
    target="accepted",
    classes=("rejected", "accepted"),
    features=FEATURES,
    row_is_unit="one row is one microchip",
    slices=("place",),
    reference=None,  # how well an engineer would judge from the two tests is not published
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per microchip."""
    path = raw / "course_exam_microchips" / FILE
    frame = pd.read_csv(path, header=None, names=[*FEATURES, "accepted"])
    distance = (frame["first_test"] ** 2 + frame["second_test"] ** 2) ** 0.5
    frame["place"] = distance.map(lambda far: "outside" if far > NEAR else "near the centre")
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_CHIPS),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="accepted", value_set=[0, 1]),
        gxe.ExpectColumnSumToBeBetween(
            column="accepted", min_value=N_ACCEPTED, max_value=N_ACCEPTED
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=-1, max_value=1.2)
            for name in FEATURES
        ),
    ]
