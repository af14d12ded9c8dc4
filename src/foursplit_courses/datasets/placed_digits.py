"""Handwritten digits anywhere in a scene: what a network knows at one place it must know at all."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit.core.seeds import generator
from foursplit_courses.transforms.bands import band
from foursplit_courses.transforms.digit_classes import FILE, SIDE, WHITE

SCENE = 28  # pixels along a side
ZOOM = 2  # times its 8 by 8 pixels: strokes two pixels wide
DIGIT = ZOOM * SIDE
SCENES_PER_DIGIT = 2  # at two places, in the same split
N_DIGITS = 1797
NOISE = 0.05  # standard deviation, as a share of white
FARTHEST = (SCENE - DIGIT) / 2  # of a digit's middle from the scene's, in pixels along an axis

SPEC = DatasetSpec(
    title="Digits anywhere in a scene",
    provenance=(
        "3,594 scenes of 28 by 28 pixels. Each of the 1,797 digits of UCI's optdigits that "
        "scikit-learn carries is enlarged to 16 by 16 pixels and lies in two of them, at places "
        "drawn at random on noisy paper. Both scenes of a digit are in the same split."
    ),
    licence="CC BY 4.0",
    cite="Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine "
    "Learning Repository, doi:10.24432/C50P49; scenes after Mnih, Heess, Graves and Kavukcuoglu "
    "(2014), Recurrent Models of Visual Attention, section 4.1 (translated digits)",
    files=(FILE,),
    target="digit",
    classes=tuple("0123456789"),
    row_is_unit="",
    group="original",
    slices=("digit", "place_band"),
    reference=None,  # nobody has measured people on these scenes
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read scenes as (channel, row, column), 0 paper to 1 ink."""
    from scipy import ndimage

    table = np.loadtxt(raw / "digits.csv.gz", delimiter=",", dtype=np.float32)
    pictures, digits = table[:, :-1].reshape(-1, SIDE, SIDE) / WHITE, table[:, -1].astype(int)
    rng = generator("placed digits", 1)
    scenes, rows = [], []
    for number, (picture, digit) in enumerate(zip(pictures, digits.tolist(), strict=True)):
        enlarged = ndimage.zoom(picture, ZOOM, order=1)
        for _ in range(SCENES_PER_DIGIT):
            top, left = rng.integers(0, SCENE - DIGIT + 1, 2).tolist()
            scenes.append(_compose(enlarged, top, left, rng))
            rows.append({"original": f"digit {number}", "digit": digit, "top": top, "left": left})
    x = np.stack(scenes)
    frame = pd.DataFrame(rows)
    off = np.abs(frame[["top", "left"]].to_numpy() - FARTHEST).max(axis=1)
    frame["place_band"] = band(off, [-1, 2.5, 4.5, FARTHEST], ["middle", "between", "edge"])
    frame["darkest"], frame["ink"] = x.max(axis=(1, 2)), x.mean(axis=(1, 2))
    return Examples(x=x[:, None], metadata=frame)  # (example, 1, row, column)


def _compose(picture: np.ndarray, top: int, left: int, rng: np.random.Generator) -> np.ndarray:
    """Place a digit on noisy paper."""
    scene = np.abs(rng.normal(0, NOISE, (SCENE, SCENE)))
    place = np.s_[top : top + DIGIT, left : left + DIGIT]
    scene[place] = np.maximum(scene[place], picture)
    result: np.ndarray = scene.clip(0, 1).astype(np.float32)
    return result


def suite() -> list[Any]:
    """Return the expectations on the scenes and their labels."""
    import great_expectations.expectations as gxe

    between = gxe.ExpectColumnValuesToBeBetween
    return [
        gxe.ExpectTableRowCountToEqual(value=N_DIGITS * SCENES_PER_DIGIT),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=list(range(10))),
        gxe.ExpectColumnUniqueValueCountToBeBetween(
            column="original", min_value=N_DIGITS, max_value=N_DIGITS
        ),
        between(column="top", min_value=0, max_value=SCENE - DIGIT),
        between(column="left", min_value=0, max_value=SCENE - DIGIT),
        between(column="darkest", min_value=0.5, max_value=1),
        between(column="ink", min_value=0.05, max_value=0.35),
    ]
