"""Scenes of one to four handwritten digits, with the box of each: pictures made for detection."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.arrays import Ragged
from foursplit.core.dataset_spec import BundledFile, DatasetSpec
from foursplit.core.examples import Examples
from foursplit.core.seeds import generator

SIDE, DIGIT = 32, 8  # pixels of a scene, and of a digit
N_POOLS, SCENES_PER_POOL = 150, 10
MAX_DIGITS = 4
MAX_TRIES = 50  # to place a digit beside the others
NOISE = 0.05  # standard deviation, as a share of white

SPEC = DatasetSpec(
    title="Scenes of handwritten digits",
    provenance=(
        "1,500 scenes of 32 by 32 pixels, composed of the 1,797 digits of UCI's optdigits that "
        "scikit-learn carries: one to four digits side by side, never one over another, on noisy "
        "paper. The digits are divided into 150 pools, and a scene takes its digits from one pool."
    ),
    licence="CC BY 4.0",
    cite="Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine "
    "Learning Repository, doi:10.24432/C50P49",
    files=(
        BundledFile(
            package="sklearn",
            path="datasets/data/digits.csv.gz",
            sha256="09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
        ),
    ),
    target="",
    dtype="uint8",
    picture=True,
    further={"boxes": "target"},
    group="pool",
    slices=("n_digits",),
)


def read(raw: Path) -> Examples:
    """Compose scenes, (1, row, column) in bytes, with (box, 5) boxes and a row for each."""
    table = np.loadtxt(raw / "digits.csv.gz", delimiter=",", dtype=np.float32)
    pictures, labels = table[:, :-1].reshape(-1, DIGIT, DIGIT) / 16, table[:, -1].astype(int)
    rng = generator("digit scenes", 1)
    pools = np.array_split(rng.permutation(len(pictures)), N_POOLS)
    scenes, boxes, rows = [], [], []
    for number, pool in enumerate(pools):
        for _ in range(SCENES_PER_POOL):
            chosen = rng.choice(pool, rng.integers(1, MAX_DIGITS + 1), replace=False)
            scene, placed = _compose(pictures[chosen], labels[chosen], rng)
            scenes.append(scene)
            boxes.append(placed)
            rows.append({"pool": f"pool {number}", "n_digits": len(placed)})
    frame = pd.DataFrame(rows)
    frame["brightest"] = [int(scene.max()) for scene in scenes]
    frame["smallest_side"] = [float((b[:, 2:4] - b[:, :2]).min()) for b in boxes]
    return Examples(
        x=np.stack(scenes)[:, None], metadata=frame, further={"boxes": Ragged.of(boxes)}
    )


def _compose(
    pictures: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Place digits side by side; return the scene and the (box, 5) boxes around their ink."""
    scene = np.abs(rng.normal(0, NOISE, (SIDE, SIDE)))
    taken, boxes = np.zeros((SIDE, SIDE), dtype=bool), []
    for picture, label in zip(pictures, labels.tolist(), strict=True):
        for _ in range(MAX_TRIES):
            top, left = rng.integers(0, SIDE - DIGIT + 1, 2).tolist()
            place = np.s_[top : top + DIGIT, left : left + DIGIT]
            if taken[place].any():
                continue
            taken[place] = True
            scene[place] = np.maximum(scene[place], picture)
            down, across = np.nonzero(picture > 0)
            corners = (left + across.min(), top + down.min(), left + across.max() + 1)
            boxes.append((*corners, top + down.max() + 1, label))
            break
    return (scene.clip(0, 1) * 255).astype(np.uint8), np.array(boxes, np.float32)


def suite() -> list[Any]:
    """Return the expectations on the scenes and their boxes."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_POOLS * SCENES_PER_POOL),
        gxe.ExpectColumnValuesToBeBetween(column="n_digits", min_value=1, max_value=MAX_DIGITS),
        gxe.ExpectColumnValuesToBeBetween(column="brightest", min_value=150, max_value=255),
        gxe.ExpectColumnValuesToBeBetween(column="smallest_side", min_value=1, max_value=DIGIT),
        gxe.ExpectColumnDistinctValuesToBeInSet(
            column="n_digits", value_set=list(range(1, MAX_DIGITS + 1))
        ),
    ]


def profile_suite() -> list[Any]:
    """Return the expectations on pictures and boxes, in each split."""
    import great_expectations.expectations as gxe

    between = gxe.ExpectColumnValuesToBeBetween
    return [
        gxe.ExpectColumnValuesToBeInSet(column="x.shape", value_set=[f"1x{SIDE}x{SIDE}"]),
        gxe.ExpectColumnValuesToBeInSet(column="x.dtype", value_set=["uint8"]),
        gxe.ExpectColumnValuesToBeInSet(column="x.is_blank", value_set=[False]),
        between(column="x.max", min_value=150, max_value=255),
        gxe.ExpectColumnMeanToBeBetween(column="x.mean", min_value=10, max_value=40),
        between(column="boxes.length", min_value=1, max_value=MAX_DIGITS),
        gxe.ExpectColumnUniqueValueCountToBeBetween(column="boxes.length", min_value=MAX_DIGITS),
        between(column="boxes.min_width", min_value=1, max_value=DIGIT),
        between(column="boxes.min_height", min_value=1, max_value=DIGIT),
        between(column="boxes.n_outside", min_value=0, max_value=0),
    ]
