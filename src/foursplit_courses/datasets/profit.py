"""Profit of a food truck by the size of its city: one input, 97 cities."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.bands import band

FILE = "ex1data1.txt"
N_CITIES = 97

SPEC = DatasetSpec(
    title="Food trucks: profit by population",
    provenance=(
        "97 cities, population and profit of a food truck there, both in ten thousands; an "
        "exercise's table, whose origin it does not say. Dev and test have some 20 rows each: "
        "they show that the pipeline runs, and decide nothing. A line has one best fit, so more "
        "seeds would not help."
    ),
    files=(RemoteFiles(entry="course_portland_houses", only=(FILE,)),),
    target="profit",
    unit="10,000 dollars",
    features=("population",),
    row_is_unit="one row is one city",
    slices=("size_band",),
    reference=None,  # a made-up business has no expert
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per city; population in ten thousands."""
    path = raw / "course_portland_houses" / FILE
    frame = pd.read_csv(path, header=None, names=["population", "profit"])
    # Fixed limits, so that no city's band depends on the others.
    frame["size_band"] = band(frame["population"], [0, 6, 8, 100], ["small", "middle", "large"])
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_CITIES),
        gxe.ExpectColumnValuesToNotBeNull(column="population"),
        gxe.ExpectColumnValuesToBeBetween(column="population", min_value=5, max_value=23),
        gxe.ExpectColumnValuesToBeBetween(column="profit", min_value=-3, max_value=25),
        # Some trucks lose money: a table without losses is another one.
        gxe.ExpectColumnMinToBeBetween(column="profit", min_value=-3, max_value=0),
    ]
