"""Progression of diabetes within a year: 442 patients, ten measurements each, in own units."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec
from foursplit_courses.transforms.bands import band

FEATURES = (
    "age", "sex", "bmi", "blood_pressure", "cholesterol", "ldl", "hdl", "cholesterol_hdl_ratio",
    "log_triglycerides", "glucose",
)  # fmt: skip

SPEC = DatasetSpec(
    title="Diabetes progression",
    provenance=(
        "442 patients of one study; carried by scikit-learn in original units. The target is a "
        "clinical score of progression one year after the measurements."
    ),
    licence="no licence stated; published with the article, redistributed by scikit-learn (BSD)",
    cite="Efron, Hastie, Johnstone and Tibshirani (2004), Least angle regression, Annals of "
    "Statistics 32(2), 407-499",
    files=(
        BundledFile(
            package="sklearn",
            path="datasets/data/diabetes_data_raw.csv.gz",
            sha256="7fc0ded571454b1982210d3bb43f0aca44eae01a0b8654a3b24022bdb6b38009",
        ),
        BundledFile(
            package="sklearn",
            path="datasets/data/diabetes_target.csv.gz",
            sha256="8e53f65eb811df43c206f3534bb3af0e5fed213bc37ed6ba36310157d6023803",
        ),
    ),
    target="progression",
    unit="points",
    features=FEATURES,
    row_is_unit="one row is one patient",
    slices=("sex", "age_band", "bmi_band"),
    reference=None,  # no repeated measurement of the score is published
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per patient; bands are for slicing."""
    frame = pd.read_csv(
        raw / "diabetes_data_raw.csv.gz", sep=r"\s+", header=None, names=list(FEATURES)
    )
    frame["progression"] = pd.read_csv(raw / "diabetes_target.csv.gz", header=None)[0]
    # Decades, and the World Health Organization's limits of the body mass index.
    frame["age_band"] = (frame["age"] // 10 * 10).map("{:.0f}s".format)
    frame["bmi_band"] = band(
        frame["bmi"], [0, 18.5, 25, 30, np.inf], ["under", "normal", "over", "obese"]
    )
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table."""
    import great_expectations.expectations as gxe

    ranges = {
        "age": (18, 80), "bmi": (15, 45), "blood_pressure": (60, 140), "cholesterol": (90, 310),
        "ldl": (40, 250), "hdl": (20, 100), "cholesterol_hdl_ratio": (1.5, 10),
        "log_triglycerides": (3, 6.5), "glucose": (55, 125), "progression": (25, 346),
    }  # fmt: skip
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=442),
        gxe.ExpectColumnValuesToBeInSet(column="sex", value_set=[1, 2]),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in (*FEATURES, "progression")),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)
            for name, (low, high) in ranges.items()
        ),
    ]
