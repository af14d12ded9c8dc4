"""The planar flower: 1,600 points drawn from a seed, in the manner of the course's set.

Source: Ng, DLS C1 W3.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.seeds import generator
from foursplit_courses.transforms import planar

N_POINTS = 1600
LIMIT = 6.0  # farther from the middle than any point is likely to lie

SPEC = planar.spec(
    title="The planar flower",
    provenance=(
        "1,600 points drawn by NumPy's generator from a fixed seed, the same kind of data as the "
        "course's and not the same points. Two classes in turn along eight half petals: angles "
        "over the class's half turn, and a radius of four times the sine of four times the angle, "
        "with normal noise of 0.2 on both."
    ),
    bayes={
        "error": 0.0576,
        "citation": (
            "the Bayes-optimal classifier, from the density that the points are drawn from: wrong "
            "on 5.76 % of 2 million points drawn for this (standard error 0.02 %)"
        ),
    },
)


def read(_raw: Path) -> pd.DataFrame:
    """Draw one row a point; there is no file to read."""
    return planar.table(planar.flower_sample, N_POINTS, generator("planar flower", 1))


def suite() -> list[Any]:
    """Return the expectations on the drawn table."""
    return planar.suite(N_POINTS, LIMIT)
