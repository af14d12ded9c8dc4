"""Points of six round blobs that overlap, drawn from a seed: no classifier is always right."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel
from foursplit.core.seeds import generator

N_POINTS = 800
CENTERS = np.array([[-1, 0], [1, 0], [0, 1], [0, -1], [-2, 1], [-2, -1]], dtype=np.float64)
STD = 0.4  # standard deviation of each blob, the same in all directions
FEATURES = ("across", "up")

SPEC = DatasetSpec(
    title="Six blobs",
    provenance=(
        "800 points drawn by NumPy's generator from a fixed seed: six normal blobs of standard "
        "deviation 0.4 around centres 1.4 apart or farther, as many points in each as can be. "
        "Neighbours overlap. The exercise that it follows draws from the same blobs, by another "
        "generator: the same kind of data, not the same points."
    ),
    licence="made here",
    files=(),
    target="blob",
    classes=("west", "east", "north", "south", "far north-west", "far south-west"),
    features=FEATURES,
    row_is_unit="one row is one point, drawn apart from the others",
    slices=("place",),
    reference=ReferenceLevel(
        error=0.0776,
        kind="best known",
        citation="nearest centre, the Bayes-optimal rule for equal round blobs: wrong on 7.76 % of "
        "6 million points drawn for this (standard error 0.01 %)",
    ),
)


def nearest_blob(points: np.ndarray) -> np.ndarray:
    """Return the blob with the nearest centre for each point: the Bayes-optimal classifier."""
    return np.asarray(((points[:, None] - CENTERS) ** 2).sum(axis=2).argmin(axis=1))


def sample(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sample (point, 2) coordinates and the blob of each point, blobs in turn."""
    blob = np.arange(n) % len(CENTERS)
    return CENTERS[blob] + rng.normal(0, STD, (n, 2)), blob


def read(_raw: Path) -> pd.DataFrame:
    """Draw one row a point; there is no file to read."""
    points, blob = sample(N_POINTS, generator("six blobs", 1))
    frame = pd.DataFrame(points, columns=list(FEATURES))
    frame["blob"] = blob
    frame["place"] = np.where(nearest_blob(points) == blob, "with its own", "among others")
    return frame


def suite() -> list[Any]:
    """Return the expectations on the drawn table."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_POINTS),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="blob", value_set=[*range(len(CENTERS))]),
        # Five deviations beyond the outermost centres.
        gxe.ExpectColumnValuesToBeBetween(column="across", min_value=-4, max_value=3),
        gxe.ExpectColumnValuesToBeBetween(column="up", min_value=-3, max_value=3),
    ]
