"""Roasts of coffee by temperature and duration: good inside a triangle, drawn from a seed."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel
from foursplit.core.seeds import generator
from foursplit_courses.transforms.bands import band

N_ROASTS = 200
TEMPERATURES, DURATIONS = (150.0, 285.0), (11.5, 15.5)  # drawn evenly; degrees Celsius, minutes
# A triangle: hot enough, long enough, and the hotter the sooner it burns.
COOLEST, HOTTEST, SHORTEST, LONGEST = 175.0, 260.0, 12.0, 15.0
FEATURES = ("temperature", "duration")

SPEC = DatasetSpec(
    title="Coffee roasting",
    provenance=(
        "200 roasts drawn evenly over 150 to 285 degrees and 11.5 to 15.5 minutes by NumPy's "
        "generator, from a fixed seed. A roast is good inside a triangle: from 175 degrees and 12 "
        "minutes on, and at most as long as a line allows that falls from 15 minutes at 175 "
        "degrees to 12 at 260. Nothing is noisy, so that every error is the model's. Dev and test "
        "have some 40 roasts each, where one roast is 2.5 points of error."
    ),
    licence="made here; the rule is that of an exercise of MLS course 2, week 1",
    files=(),
    target="roast",
    classes=("bad", "good"),
    features=FEATURES,
    row_is_unit="one row is one roast, drawn apart from the others",
    slices=("temperature_band", "duration_band"),
    reference=ReferenceLevel(
        error=0.0, kind="best known", citation="the rule that made the labels"
    ),
)


def is_good_roast(temperature: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Say which roasts lie inside the triangle; degrees Celsius and minutes."""
    share = (temperature - COOLEST) / (HOTTEST - COOLEST)
    burnt_from = LONGEST - share * (LONGEST - SHORTEST)
    return (temperature >= COOLEST) & (duration >= SHORTEST) & (duration <= burnt_from)


def read(_raw: Path) -> pd.DataFrame:
    """Draw one row a roast; there is no file to read."""
    rng = generator("coffee", 1)
    temperature = rng.uniform(*TEMPERATURES, N_ROASTS)
    duration = rng.uniform(*DURATIONS, N_ROASTS)
    frame = pd.DataFrame({"temperature": temperature, "duration": duration})
    frame["roast"] = is_good_roast(temperature, duration).astype(np.int64)
    frame["temperature_band"] = band(
        temperature, [0, COOLEST, HOTTEST, 400], ["cool", "fit", "hot"]
    )
    frame["duration_band"] = band(duration, [0, SHORTEST, LONGEST, 60], ["short", "fit", "long"])
    return frame


def suite() -> list[Any]:
    """Return the expectations on the drawn table."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_ROASTS),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="roast", value_set=[0, 1]),
        gxe.ExpectColumnValuesToBeBetween(
            column="temperature", min_value=TEMPERATURES[0], max_value=TEMPERATURES[1]
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="duration", min_value=DURATIONS[0], max_value=DURATIONS[1]
        ),
        # The triangle holds 24 % of the area; four deviations of 200 draws are 12 points.
        gxe.ExpectColumnMeanToBeBetween(column="roast", min_value=0.12, max_value=0.36),
    ]
