"""Football: 1,055 points whose class is a matter of chance near a wave, drawn from a seed.

Source: Ng, DLS C2 W1.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.seeds import generator
from foursplit_courses.transforms import planar

N_POINTS = 1055
LIMIT = 1.0  # half the side of the square

SPEC = planar.spec(
    title="Football",
    provenance=(
        "1,055 points drawn by NumPy's generator from a fixed seed, evenly over a square: where "
        "balls land, and whose head hits them. The chance of a colour is 1/2 on a wave and "
        "changes steeply across it. The course's 411 points are not public; a fifth of these, as "
        "many as the course trains on, are train."
    ),
    bayes={
        "error": 0.0864,
        "citation": (
            "the Bayes-optimal classifier, from the chance that the classes are drawn by: its mean "
            "error on 2 million points is 8.64 % (standard error 0.01 %)"
        ),
    },
)


def read(_raw: Path) -> pd.DataFrame:
    """Draw one row a point; there is no file to read."""
    return planar.table(planar.football_sample, N_POINTS, generator("planar football", 1))


def suite() -> list[Any]:
    """Return the expectations on the drawn table."""
    return planar.suite(N_POINTS, LIMIT)
