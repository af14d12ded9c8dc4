"""Prices of 47 houses in Portland, Oregon, by area and number of bedrooms."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles

FILE = "ex1data2.txt"
N_HOUSES = 47
FEATURES = ("area", "bedrooms")

SPEC = DatasetSpec(
    title="Houses in Portland",
    provenance=(
        "47 houses with living area in square feet, number of bedrooms and price in dollars: an "
        "exercise's table. Dev and test have about ten rows each: they show that the pipeline "
        "runs, and decide nothing. A linear fit has one best solution, so more seeds would not "
        "help."
    ),
    files=(RemoteFiles(entry="course_portland_houses", only=(FILE,)),),
    target="price",
    unit="dollars",
    features=FEATURES,
    row_is_unit="one row is one house",
    slices=("bedroom_band",),
    reference=None,  # no valuer's estimate is published
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per house."""
    path = raw / "course_portland_houses" / FILE
    frame = pd.read_csv(path, header=None, names=[*FEATURES, "price"])
    frame["bedroom_band"] = frame["bedrooms"].map(lambda n: "4 or more" if n > 3 else "up to 3")
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_HOUSES),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="bedrooms", value_set=[1, 2, 3, 4, 5]),
        gxe.ExpectColumnValuesToBeBetween(column="area", min_value=800, max_value=4_500),
        gxe.ExpectColumnValuesToBeBetween(column="price", min_value=150_000, max_value=700_000),
    ]
