"""Heart disease in four hospitals: learnt in Cleveland, Budapest and Switzerland, meant for a
fourth, Long Beach.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles

COLUMNS = (
    "age", "sex", "chest_pain", "resting_pressure", "cholesterol", "sugar_above_120",
    "resting_ecg", "highest_rate", "exercise_angina", "st_depression", "st_slope", "vessels",
    "thallium", "num",
)  # fmt: skip
HOSPITALS = {"cleveland": 303, "hungarian": 294, "switzerland": 123, "va": 200}  # patients
DISEASED = {"cleveland": 139, "hungarian": 106, "switzerland": 115, "va": 149}
N_NO_CHOLESTEROL = 172  # written as 0: all 123 of Switzerland, and 49 of Long Beach

# What stands where a value is missing: fixed and unremarkable, so that no row tells it.
USUAL = {
    "resting_pressure": 120.0, "cholesterol": 200.0, "sugar_above_120": 0.0, "highest_rate": 150.0,
    "exercise_angina": 0.0, "st_depression": 0.0, "vessels": 0.0,
}  # fmt: skip
KINDS = {
    "chest_pain": {1: "typical", 2: "atypical", 3: "other_pain", 4: "no_pain"},
    "resting_ecg": {0: "ecg_normal", 1: "ecg_st_t", 2: "ecg_hypertrophy"},
    "st_slope": {1: "slope_up", 2: "slope_flat", 3: "slope_down"},
    "thallium": {3: "thallium_normal", 6: "thallium_fixed", 7: "thallium_reversible"},
}
"""Codes without an order, and what each becomes; a missing one is none of them."""

FEATURES = (
    "age",
    "sex",
    *USUAL,
    *(name for kinds in KINDS.values() for name in kinds.values()),
    "pressure_missing",
    "cholesterol_missing",
    "exercise_missing",
    "vessels_missing",
)

SPEC = DatasetSpec(
    title="Heart disease, four hospitals",
    provenance=(
        "920 patients sent to angiography: Cleveland 303, Budapest 294, Zurich and Basel 123, "
        "and the Veterans' hospital of Long Beach 200, which is the target: 75 % of its patients "
        "are ill, against 46, 36 and 93. Ill means one vessel narrowed by half or more (num > 0). "
        "Outside Cleveland most have no count of vessels and no thallium scan; a cholesterol of 0 "
        "(172 patients, all of Switzerland's) and a pressure of 0 (one) stand for missing."
    ),
    files=(RemoteFiles(entry="heart_disease_4_hospitals"),),
    target="disease",
    classes=("absent", "present"),
    features=FEATURES,
    row_is_unit="one row is one patient; two rows repeat another to the digit and share its place",
    domains={name: "target" if name == "va" else "source" for name in HOSPITALS},
    slices=("sex_named", "age_band", "pain", "cholesterol_missing", "exercise_missing"),
    reference=None,  # no physician's reading of these columns is published
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per patient; missing values are filled with the constants above."""
    parts = [
        pd.read_csv(
            raw / "heart_disease_4_hospitals" / f"processed.{hospital}.data",
            header=None,
            names=COLUMNS,
            na_values=["?", "NaN"],
        ).assign(domain=hospital)
        for hospital in HOSPITALS
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame["cholesterol_zero"] = (frame["cholesterol"] == 0).astype(int)
    for name in ("cholesterol", "resting_pressure"):  # nobody alive has 0 of either
        frame[name] = frame[name].mask(frame[name] == 0)
    flags = {
        "pressure_missing": "resting_pressure",
        "cholesterol_missing": "cholesterol",
        "exercise_missing": "highest_rate",
        "vessels_missing": "vessels",
    }
    for flag, name in flags.items():
        frame[flag] = frame[name].isna().astype(int)
    for name, kinds in KINDS.items():
        for code, kind in kinds.items():
            frame[kind] = (frame[name] == code).astype(int)
    frame = frame.fillna(USUAL)
    frame["disease"] = (frame["num"] > 0).astype(int)
    frame["sex_named"] = np.where(frame["sex"] == 1, "men", "women")
    frame["age_band"] = (frame["age"] // 10 * 10).map("{:.0f}s".format)
    frame["pain"] = frame["chest_pain"].map(KINDS["chest_pain"])
    return frame


def suite() -> list[Any]:
    """Return the expectations on the patients, including their missing values."""
    import great_expectations.expectations as gxe

    ranges = {
        "age": (28, 77), "resting_pressure": (80, 200), "cholesterol": (85, 603),
        "highest_rate": (60, 202), "st_depression": (-2.6, 6.2), "vessels": (0, 3), "num": (0, 4),
    }  # fmt: skip
    sets = {name: list(kinds) for name, kinds in KINDS.items()}
    sets |= {name: [0, 1] for name in ("sex", "sugar_above_120", "exercise_angina", "disease")}
    return [
        gxe.ExpectTableRowCountToEqual(value=sum(HOSPITALS.values())),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in FEATURES),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)
            for name, (low, high) in ranges.items()
        ),
        *(
            gxe.ExpectColumnValuesToBeInSet(column=name, value_set=values)
            for name, values in sets.items()
        ),
        *(
            gxe.ExpectColumnSumToBeBetween(column=name, min_value=total, max_value=total)
            for name, total in {
                "disease": sum(DISEASED.values()),
                "cholesterol_zero": N_NO_CHOLESTEROL,
                "cholesterol_missing": N_NO_CHOLESTEROL + 30,
                "vessels_missing": 611,
            }.items()
        ),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=list(HOSPITALS)),
    ]
