"""Colours of two photos: a palette found for one of them meets the other."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec
from foursplit_courses.transforms.bands import band

TILE = 4  # pixels: colours are means over tiles, as a photo of a sixteenth of the size has them
BLOCK = 8  # tiles: neighbours are alike, so a block of them goes to one split
FEATURES = ("red", "green", "blue")
LUMA = (0.299, 0.587, 0.114)  # weights of the channels in lightness (ITU-R BT.601)

SPEC = DatasetSpec(
    title="Colours of two photos",
    provenance=(
        "scikit-learn's two sample photos: the Summer Palace in Beijing (the palette is found for "
        "this one) and a flower (which it then meets). An example is the mean colour of 4 by 4 "
        "pixels: in single pixels the same bytes come back so often that most of train would be a "
        "duplicate of dev."
    ),
    licence="CC BY 2.0",
    cite="danielbuechele and vultilion on Flickr (photos 6061409035 and 6056698931), carried by "
    "scikit-learn as sample images",
    files=(
        BundledFile(
            package="sklearn",
            path="datasets/images/china.jpg",
            sha256="8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
        ),
        BundledFile(
            package="sklearn",
            path="datasets/images/flower.jpg",
            sha256="a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
        ),
    ),
    target="lightness",
    features=FEATURES,
    group="block",
    domains={"palace": "source", "flower": "target"},
    slices=("third", "lightness_band", "colour_band"),
    reference=None,  # nobody names the best sixteen colours by eye
)

PHOTOS = {"palace": "china.jpg", "flower": "flower.jpg"}


def read(raw: Path) -> pd.DataFrame:
    """Read one row per tile; what does not fill a tile at the right and the bottom is left out."""
    return pd.concat(
        [_photo(raw / name, domain) for domain, name in PHOTOS.items()], ignore_index=True
    )


def _photo(path: Path, domain: str) -> pd.DataFrame:
    from PIL import Image

    with Image.open(path) as opened:
        pixels = np.asarray(opened.convert("RGB"), np.float64) / 255
    rows, columns = pixels.shape[0] // TILE, pixels.shape[1] // TILE
    tiles = pixels[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE, 3)
    colours = tiles.mean(axis=(1, 3))
    row, column = (place.ravel() for place in np.indices((rows, columns)))
    frame = pd.DataFrame(colours.reshape(-1, 3), columns=list(FEATURES))
    frame["domain"] = domain
    frame["block"] = [f"{r // BLOCK}, {c // BLOCK}" for r, c in zip(row, column, strict=True)]
    frame["lightness"] = colours.reshape(-1, 3) @ LUMA
    thirds = np.array(["top", "middle", "bottom"])
    frame["third"] = thirds[row * 3 // rows]
    frame["lightness_band"] = band(
        frame["lightness"], [-1, 1 / 3, 2 / 3, 1], ["dark", "middle", "light"]
    )
    range_ = frame[list(FEATURES)].max(axis=1) - frame[list(FEATURES)].min(axis=1)
    frame["colour_band"] = np.where(range_ > 0.2, "coloured", "nearly grey")
    return frame


def suite() -> list[Any]:
    """Return the expectations on the colours."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=2 * 106 * 160),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=0, max_value=1)
            for name in (*FEATURES, "lightness")
        ),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=[*SPEC.domains]),
    ]
