"""Two Gaussian quantiles: 1,600 points drawn from a seed, in the manner of the course's set.

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
    title="Two Gaussian quantiles",
    provenance=(
        "1,600 points drawn by NumPy's generator from a fixed seed, the same kind of data as the "
        "course's and not the same points. Normal points of standard deviation 1; those within "
        "the median distance from the middle are one class."
    ),
    bayes={
        "error": 0.0,
        "citation": ("the circle that parts the classes makes no error"),
    },
)


def read(_raw: Path) -> pd.DataFrame:
    """Draw one row a point; there is no file to read."""
    return planar.table(planar.quantiles_sample, N_POINTS, generator("planar quantiles", 1))


def suite() -> list[Any]:
    """Return the expectations on the drawn table."""
    return planar.suite(N_POINTS, LIMIT)
