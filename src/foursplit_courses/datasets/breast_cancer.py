"""Breast tumours, malignant or benign, from 30 measurements of cell nuclei in a sample."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec, ReferenceLevel
from foursplit_courses.transforms.bands import third_band

MEASURES = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave_points", "symmetry", "fractal_dimension",
)  # fmt: skip
FEATURES = tuple(f"{kind}_{name}" for kind in ("mean", "error", "worst") for name in MEASURES)

SPEC = DatasetSpec(
    title="Breast cancer Wisconsin (diagnostic)",
    provenance="569 fine-needle samples read by one digital microscope; carried by scikit-learn.",
    licence="CC BY 4.0",
    cite="Wolberg, Mangasarian, Street and Street (1993), Breast Cancer Wisconsin (Diagnostic), "
    "UCI Machine Learning Repository, doi:10.24432/C5DW2B",
    files=(
        BundledFile(
            package="sklearn",
            path="datasets/data/breast_cancer.csv",
            sha256="fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed",
        ),
    ),
    target="diagnosis",
    classes=("malignant", "benign"),
    features=FEATURES,
    row_is_unit="one row is one patient's sample; the published file carries no second sample",
    slices=("size_band", "texture_band"),
    reference=ReferenceLevel(
        error=0.025,
        kind="best known",
        citation="97.5 % by ten-fold cross-validation with three features (Mangasarian, Street and "
        "Wolberg 1995, Operations Research 43(4), 570-577); no human reading of these features "
        "is published",
    ),
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per sample; bands (thirds of the file) are for slicing."""
    frame = pd.read_csv(
        raw / "breast_cancer.csv", skiprows=1, header=None, names=[*FEATURES, "diagnosis"]
    )
    for column, name in (("size_band", "mean_radius"), ("texture_band", "mean_texture")):
        frame[column] = third_band(frame[name])
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=569),
        gxe.ExpectColumnValuesToBeInSet(column="diagnosis", value_set=[0, 1]),
        gxe.ExpectColumnMeanToBeBetween(column="diagnosis", min_value=0.5, max_value=0.75),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in (*FEATURES, "diagnosis")),
        *(gxe.ExpectColumnValuesToBeBetween(column=name, min_value=0) for name in FEATURES),
        gxe.ExpectColumnValuesToBeBetween(column="mean_radius", min_value=5, max_value=30),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="worst_radius", column_B="mean_radius", or_equal=True
        ),
    ]
