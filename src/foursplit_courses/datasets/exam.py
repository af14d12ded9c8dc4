"""Admission of 100 applicants by the marks of two exams."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.bands import band

FILE = "ex2data1.txt"
N_APPLICANTS, N_ADMITTED = 100, 60
FEATURES = ("first_exam", "second_exam")
EQUAL = 10  # marks apart; nearer than this, the two exams say the same

SPEC = DatasetSpec(
    title="Admission by two exams",
    provenance=(
        "100 applicants with the marks of two exams, 0 to 100, and whether they were admitted (60 "
        "were): an exercise's table. Dev and test have some 20 rows each, where one row is 5 "
        "points of error: they show that the pipeline runs, and decide nothing. The cost is "
        "convex, so more seeds would not help."
    ),
    files=(RemoteFiles(entry="course_exam_microchips", only=(FILE,)),),
    target="admitted",
    classes=("refused", "admitted"),
    features=FEATURES,
    row_is_unit="one row is one applicant",
    slices=("better_exam",),
    reference=None,  # what an admissions officer would get wrong is not published
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row an applicant."""
    path = raw / "course_exam_microchips" / FILE
    frame = pd.read_csv(path, header=None, names=[*FEATURES, "admitted"])
    lead = frame["first_exam"] - frame["second_exam"]
    frame["better_exam"] = band(lead, [-101, -EQUAL, EQUAL, 101], ["second", "alike", "first"])
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_APPLICANTS),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="admitted", value_set=[0, 1]),
        gxe.ExpectColumnSumToBeBetween(
            column="admitted", min_value=N_ADMITTED, max_value=N_ADMITTED
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=30, max_value=100)
            for name in FEATURES
        ),
    ]
