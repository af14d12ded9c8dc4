"""Three grape varieties of one Italian region, distinguished by 13 chemical measurements."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec, ReferenceLevel
from foursplit_courses.transforms.bands import third_band

FEATURES = (
    "alcohol", "malic_acid", "ash", "alkalinity_of_ash", "magnesium", "phenols", "flavanoids",
    "nonflavanoid_phenols", "proanthocyanins", "colour_intensity", "hue", "od280_od315", "proline",
)  # fmt: skip

SPEC = DatasetSpec(
    title="Wine",
    provenance="178 wines of three varieties, one chemical analysis each; carried by scikit-learn.",
    licence="CC BY 4.0",
    cite="Aeberhard and Forina (1992), Wine, UCI Machine Learning Repository, doi:10.24432/C5PC7J",
    files=(
        BundledFile(
            package="sklearn",
            path="datasets/data/wine_data.csv",
            sha256="10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede",
        ),
    ),
    target="variety",
    classes=("barolo", "grignolino", "barbera"),
    features=FEATURES,
    row_is_unit="one row is one wine",
    slices=("alcohol_band",),
    reference=ReferenceLevel(
        error=0.0,
        kind="best known",
        citation="regularised discriminant analysis, leave one out (Aeberhard, Coomans and de Vel "
        "1992, technical report 92-02, James Cook University); no human taster is published",
    ),
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per wine; bands (thirds of the file) are for slicing."""
    frame = pd.read_csv(raw / "wine_data.csv", skiprows=1, header=None)
    frame.columns = pd.Index([*FEATURES, "variety"])
    frame["alcohol_band"] = third_band(frame["alcohol"])
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=178),
        gxe.ExpectColumnValuesToBeInSet(column="variety", value_set=[0, 1, 2]),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="variety", value_set=[0, 1, 2]),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in (*FEATURES, "variety")),
        gxe.ExpectColumnValuesToBeBetween(column="alcohol", min_value=10, max_value=16),
        gxe.ExpectColumnValuesToBeBetween(column="proline", min_value=250, max_value=1700),
        gxe.ExpectColumnValuesToBeBetween(column="hue", min_value=0.4, max_value=1.8),
    ]
