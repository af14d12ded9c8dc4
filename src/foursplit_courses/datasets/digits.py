"""Handwritten digits, 8 by 8 pixels: the originals to learn from, and others as a phone sees them.

The target domain is made from originals that appear nowhere else: real digits under a declared
and seeded shift (turned, blurred, lit unevenly, noisy).
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec, ReferenceLevel
from foursplit.core.examples import Examples
from foursplit.core.seeds import derive_seed, generator

SIDE = 8  # pixels
WHITE = 16.0  # brightest pixel: counts of ink in a 4 by 4 block of the scanned bitmap
# How far the phone goes: strong enough to be seen in the error, weak enough to be read by a person.
MAX_TURN = 20.0  # degrees to either side
MAX_BLUR = 0.6  # standard deviation in pixels
MAX_SHADE = 0.4  # share of the light lost at the darkest edge
NOISE = 0.06  # standard deviation, as a share of white

SPEC = DatasetSpec(
    title="Digits, and digits as a phone sees them",
    provenance=(
        "1,797 digits by 13 writers: the test part of UCI's optdigits, carried by scikit-learn. "
        "Half of them, drawn by content, are re-made as a phone would see them: turned by up to "
        "20 degrees, blurred, lit unevenly, noisy."
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
    target="digit",
    classes=tuple("0123456789"),
    row_is_unit="the file does not say who wrote which digit",
    domains={"original": "source", "phone": "target"},
    slices=("digit", "ink_band", "turn_band", "shade_band"),
    reference=ReferenceLevel(
        error=0.02,
        kind="best known",
        citation="nearest neighbour on these 1,797 originals, trained on the 3,823 of the other 30 "
        "writers (Alpaydin and Kaynak 1998; measured again for this project); nobody has "
        "measured people on 8 by 8 pixels, or anyone on the phone's pictures",
    ),
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, row, column), 0 paper to 1 ink."""
    table = np.loadtxt(raw / "digits.csv.gz", delimiter=",", dtype=np.float32)
    originals, digits = table[:, :-1].reshape(-1, SIDE, SIDE) / WHITE, table[:, -1].astype(int)
    phone = np.array([_goes_to_phone(picture) for picture in originals])
    seen = [
        _photograph(p) if chosen else (p, 0.0, 0.0)
        for p, chosen in zip(originals, phone, strict=True)
    ]
    x = np.stack([picture for picture, _, _ in seen]).astype(np.float32)
    ink = x.mean(axis=(1, 2))
    rows = pd.DataFrame(
        {
            "digit": digits,
            "domain": np.where(phone, "phone", "original"),
            "darkest": x.max(axis=(1, 2)),
            "lightest": x.min(axis=(1, 2)),
            "ink": ink,
            "turn": [turn for _, turn, _ in seen],
            "shade": [shade for _, _, shade in seen],
        }
    )
    rows["ink_band"] = np.where(ink < np.median(ink), "thin", "bold")
    rows["turn_band"] = np.where(rows["turn"].abs() > MAX_TURN / 2, "over 10 degrees", "up to 10")
    rows["shade_band"] = np.where(rows["shade"] > MAX_SHADE / 2, "strong", "weak")
    return Examples(x=x[:, None], metadata=rows)  # (example, 1, row, column)


def _goes_to_phone(picture: np.ndarray) -> bool:
    """Draw by content, so that a digit keeps its domain whatever is added to the file."""
    return derive_seed("digits: phone or original", picture.tobytes().hex()) % 2 == 1


def _photograph(picture: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Give the picture a phone takes, its turn in degrees and its shade (share of light lost)."""
    from scipy import ndimage

    rng = generator("digits: photograph", picture.tobytes().hex())
    turn, shade = rng.uniform(-MAX_TURN, MAX_TURN), rng.uniform(0, MAX_SHADE)
    turned = ndimage.rotate(picture, turn, reshape=False, order=1)
    blurred = ndimage.gaussian_filter(turned, rng.uniform(0, MAX_BLUR))
    across = np.linspace(0, 1, SIDE)  # the shade falls from one edge to the other
    dark = shade * (across if rng.random() < 0.5 else across[::-1])
    # Paper that gets less light looks inked; ink stays ink.
    shaded = 1 - (1 - blurred) * (1 - dark)
    noisy = shaded + rng.normal(0, NOISE, shaded.shape)
    return noisy.clip(0, 1), float(turn), float(shade)


def suite() -> list[Any]:
    """Return the expectations on the pictures and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1797),
        gxe.ExpectColumnValuesToBeInSet(column="digit", value_set=list(range(10))),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=list(range(10))),
        gxe.ExpectColumnValuesToBeInSet(column="domain", value_set=["original", "phone"]),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0.3, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="lightest", min_value=0, max_value=0.5),
        gxe.ExpectColumnValuesToBeBetween(column="ink", min_value=0.1, max_value=0.7),
        gxe.ExpectColumnValuesToBeBetween(column="turn", min_value=-MAX_TURN, max_value=MAX_TURN),
    ]
