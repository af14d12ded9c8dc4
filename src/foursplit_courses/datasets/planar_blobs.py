"""Six blobs of two colours: 1,600 points drawn from a seed, in the manner of the course's set.

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
    title="Six blobs of two colours",
    provenance=(
        "1,600 points drawn by NumPy's generator from a fixed seed, the same kind of data as the "
        "course's and not the same points. Six round normal blobs of standard deviation 0.5 "
        "around a circle of radius 1.5, of two classes in turn."
    ),
    bayes={
        "error": 0.1325,
        "citation": (
            "the Bayes-optimal classifier, from the density that the points are drawn from: wrong "
            "on 13.25 % of 2 million points drawn for this (standard error 0.02 %)"
        ),
    },
)


def read(_raw: Path) -> pd.DataFrame:
    """Draw one row a point; there is no file to read."""
    return planar.table(planar.blobs().sample, N_POINTS, generator("planar blobs", 1))


def suite() -> list[Any]:
    """Return the expectations on the drawn table."""
    return planar.suite(N_POINTS, LIMIT)
