"""House prices of Californian districts in 1990: learnt inland, meant for the coast."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.bands import band

FEATURES = (
    "median_income",
    "housing_median_age",
    "rooms_per_household",
    "bedrooms_per_room",
    "bedrooms_missing",
    "people_per_household",
    "log_households",
    "longitude",
    "latitude",
)
BLOCK = 0.1  # degrees: some 11 km from south to north, 9 km from west to east
CAP = 500_001  # dollars; the census wrote this for every median above 500,000
USUAL_BEDROOMS = 0.2  # of the rooms, where the number is missing; fixed, so that no row tells it
N_MISSING = 207

SPEC = DatasetSpec(
    title="California housing, inland and coast",
    provenance=(
        "20,640 districts (block groups) of the 1990 US census. 207 have no number of bedrooms, "
        "and 965 medians are capped at 500,001 dollars. Districts lie in blocks of a tenth of a "
        "degree; a block is coast if the table puts any of its districts by the sea or within an "
        "hour of it."
    ),
    files=(RemoteFiles(entry="california_housing"),),
    target="median_house_value",
    unit="dollars",
    features=FEATURES,
    # Neighbouring districts resemble each other: one by one, dev would know train's streets.
    group="block",
    domains={"inland": "source", "coast": "target"},
    slices=("ocean_proximity", "income_band", "age_band", "capped", "bedrooms_missing"),
    reference=None,  # nobody has guessed medians of districts
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per district; whatever is filled in or derived comes from that row alone."""
    frame = pd.read_csv(raw / "california_housing" / "housing.csv")
    missing = frame["total_bedrooms"].isna()
    frame["bedrooms_missing"] = missing.astype(int)
    bedrooms = frame["total_bedrooms"].fillna(USUAL_BEDROOMS * frame["total_rooms"])
    frame["bedrooms_per_room"] = bedrooms / frame["total_rooms"]
    # Logarithms: a few districts of barracks and holiday homes hold a thousand people a household.
    frame["rooms_per_household"] = np.log(frame["total_rooms"] / frame["households"])
    frame["people_per_household"] = np.log(frame["population"] / frame["households"])
    frame["log_households"] = np.log(frame["households"])
    south = np.floor(frame["latitude"] / BLOCK) * BLOCK
    west = np.floor(frame["longitude"] / BLOCK) * BLOCK
    frame["block"] = [f"{lat:.1f} {lon:.1f}" for lat, lon in zip(south, west, strict=True)]
    by_the_sea = (frame["ocean_proximity"] != "INLAND").groupby(frame["block"]).transform("any")
    frame["domain"] = np.where(by_the_sea, "coast", "inland")
    frame["income_band"] = band(
        frame["median_income"], [0, 2.5, 4.5, np.inf], ["low", "middle", "high"]
    )  # tens of thousands of dollars a year
    frame["age_band"] = (frame["housing_median_age"] // 10 * 10).map("{:.0f}s".format)
    frame["capped"] = np.where(frame["median_house_value"] >= CAP, "at the cap", "below")
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table, including its known flaws."""
    import great_expectations.expectations as gxe

    whole = [
        "longitude",
        "latitude",
        "housing_median_age",
        "total_rooms",
        "population",
        "households",
        "median_income",
        "median_house_value",
        "ocean_proximity",
    ]
    ranges = {
        "longitude": (-124.5, -114),
        "latitude": (32.5, 42),
        "housing_median_age": (1, 52),
        "total_rooms": (2, 40_000),
        "population": (3, 36_000),
        "households": (1, 6_100),
        "median_income": (0.4999, 15.0001),
        "median_house_value": (14_999, CAP),
        "bedrooms_per_room": (0.01, 1.5),
    }
    proximity = ["<1H OCEAN", "INLAND", "ISLAND", "NEAR BAY", "NEAR OCEAN"]
    return [
        gxe.ExpectTableRowCountToEqual(value=20_640),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in whole),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)
            for name, (low, high) in ranges.items()
        ),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="ocean_proximity", value_set=proximity),
        gxe.ExpectColumnSumToBeBetween(
            column="bedrooms_missing", min_value=N_MISSING, max_value=N_MISSING
        ),
        gxe.ExpectColumnMaxToBeBetween(column="median_house_value", min_value=CAP, max_value=CAP),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=["inland", "coast"]),
    ]
