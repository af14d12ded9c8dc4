"""Prices of 100 houses by four inputs: the table of the course's labs on several inputs."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles

FILE = "houses.txt"
N_HOUSES = 100
FEATURES = ("area", "bedrooms", "floors", "age")

SPEC = DatasetSpec(
    title="The labs' 100 houses",
    provenance=(
        "100 houses with area in square feet, bedrooms, floors, age in years and price in "
        "thousands of dollars: the table of the course's optional labs on feature scaling and on "
        "scikit-learn, which skip its first row. 93 houses differ. Dev and test have about twenty "
        "rows each: they show that the pipeline "
        "runs, and decide nothing. A linear fit has one best solution, so more seeds would not "
        "help."
    ),
    files=(RemoteFiles(entry="course_portland_houses", only=(FILE,)),),
    target="price",
    unit="1,000 dollars",
    features=FEATURES,
    row_is_unit="one row is one house",
    slices=("age_band",),
    reference=None,  # no valuer's estimate is published
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per house."""
    path = raw / "course_portland_houses" / FILE
    frame = pd.read_csv(path, header=None, names=[*FEATURES, "price"])
    frame["age_band"] = frame["age"].map(lambda age: "up to 40" if age <= 40 else "above 40")
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_HOUSES),
        gxe.ExpectColumnDistinctValuesToBeInSet(column="bedrooms", value_set=[0, 1, 2, 3, 4, 5]),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="floors", value_set=[1, 2]),
        gxe.ExpectColumnValuesToBeBetween(column="area", min_value=700, max_value=3_500),
        gxe.ExpectColumnValuesToBeBetween(column="age", min_value=0, max_value=120),
        gxe.ExpectColumnValuesToBeBetween(column="price", min_value=100, max_value=800),
    ]
