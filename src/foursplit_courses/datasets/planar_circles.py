"""Two noisy circles: 1,600 points drawn from a seed, in the manner of the course's set.

Source: Ng, DLS C1 W3.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.seeds import generator
from foursplit_courses.transforms import planar

N_POINTS = 1600
LIMIT = 2.0  # farther from the middle than any point is likely to lie

SPEC = planar.spec(
    title="Two noisy circles",
    provenance=(
        "1,600 points drawn by NumPy's generator from a fixed seed, the same kind of data as the "
        "course's and not the same points. Points on circles of radius 1 and 0.8 with normal "
        "noise of 0.05."
    ),
    bayes={
        "error": 0.0227,
        "citation": (
            "the Bayes-optimal classifier, from the density that the points are drawn from: wrong "
            "on 2.27 % of 200,000 points drawn for this (standard error 0.03 %)"
        ),
    },
)


def read(_raw: Path) -> pd.DataFrame:
    """Draw one row a point; there is no file to read."""
    return planar.table(planar.circles().sample, N_POINTS, generator("planar circles", 1))


def suite() -> list[Any]:
    """Return the expectations on the drawn table."""
    return planar.suite(N_POINTS, LIMIT)
