"""How tasters judge wines of two colours: learnt on red, meant for white."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.bands import band

FEATURES = (
    "fixed_acidity", "volatile_acidity", "citric_acid", "residual_sugar", "chlorides",
    "free_sulfur_dioxide", "total_sulfur_dioxide", "density", "pH", "sulphates", "alcohol",
)  # fmt: skip
N_RED, N_WHITE = 1_599, 4_898
N_TWINS = 240 + 937  # rows of red and of white that repeat an earlier one

SPEC = DatasetSpec(
    title="Wine quality, red and white",
    provenance=(
        "1,599 red and 4,898 white vinhos verdes of northern Portugal, eleven measurements each; "
        "quality is the median of at least three blind tastings, 0 to 10. 240 red and 937 white "
        "rows repeat an earlier one to the last digit, so rows of one composition are one group; "
        "two compositions stand in both files. Only 3 to 9 were ever given, and 3, 4, 8 and 9 "
        "are rare. Sugar and sulphur dioxide of the whites go far beyond the reds'."
    ),
    files=(
        RemoteFiles(entry="wine_quality", only=("winequality-red.csv", "winequality-white.csv")),
    ),
    target="quality",
    unit="points",
    features=FEATURES,
    # Neither file names the wine; what repeats in all measurements counts as one wine.
    group="composition",
    domains={"red": "source", "white": "target"},
    slices=("quality_band", "alcohol_band", "sugar_band", "sulphur_band"),
    reference=None,  # the tasters' single scores, hence their disagreement, are not published
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per wine; the red file has `fixed acidity`, the white `fixed_acidity`."""
    parts = []
    for colour in ("red", "white"):
        part = pd.read_csv(raw / "wine_quality" / f"winequality-{colour}.csv", sep=";")
        part.columns = part.columns.str.replace(" ", "_")
        parts.append(part.drop(columns="type", errors="ignore").assign(domain=colour))
    frame = pd.concat(parts, ignore_index=True)
    measured = [*FEATURES, "quality", "domain"]
    frame["composition"] = frame[list(FEATURES)].astype(str).agg(" ".join, axis=1)
    frame["twin"] = frame.duplicated(measured).astype(int)
    bands = {
        "quality_band": ("quality", [0, 4, 6, 10], ["poor", "usual", "good"]),
        "alcohol_band": ("alcohol", [0, 10, 12, 20], ["to 10 %", "10 to 12 %", "above 12 %"]),
        # Grams a litre: the law calls a wine dry up to 4.
        "sugar_band": ("residual_sugar", [0, 4, 12, 100], ["dry", "medium dry", "sweeter"]),
        # Milligrams a litre: the law allows a dry red 150 and a dry white 200.
        "sulphur_band": ("total_sulfur_dioxide", [0, 150, 200, 500], ["to 150", "to 200", "more"]),
    }
    for name, (column, limits, labels) in bands.items():
        frame[name] = band(frame[column], limits, labels)
    return frame


def suite() -> list[Any]:
    """Return the expectations on the raw table, including its known flaws."""
    import great_expectations.expectations as gxe

    ranges = {
        "fixed_acidity": (3.8, 15.9), "volatile_acidity": (0.08, 1.58), "citric_acid": (0, 1.66),
        "residual_sugar": (0.6, 65.8), "chlorides": (0.009, 0.611),
        "free_sulfur_dioxide": (1, 289), "total_sulfur_dioxide": (6, 440),
        "density": (0.987, 1.039), "pH": (2.72, 4.01), "sulphates": (0.22, 2), "alcohol": (8, 14.9),
    }  # fmt: skip
    return [
        gxe.ExpectTableRowCountToEqual(value=N_RED + N_WHITE),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in (*FEATURES, "quality")),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)
            for name, (low, high) in ranges.items()
        ),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="quality", value_set=list(range(3, 10))),
        gxe.ExpectColumnMeanToBeBetween(column="quality", min_value=5.8, max_value=5.85),
        gxe.ExpectColumnSumToBeBetween(column="twin", min_value=N_TWINS, max_value=N_TWINS),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="total_sulfur_dioxide", column_B="free_sulfur_dioxide", or_equal=True
        ),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=["red", "white"]),
    ]
