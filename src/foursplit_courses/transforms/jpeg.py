"""Read photos of one size into an array."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from foursplit.core.errors import FoursplitError


def read(paths: Sequence[Path], side: int) -> np.ndarray:
    """Read coloured photos (photo, row, column, colour) as bytes; each must be `side` by `side`."""
    from PIL import Image

    photos = np.empty((len(paths), side, side, 3), np.uint8)
    for index, path in enumerate(paths):
        with Image.open(path) as photo:
            if photo.size != (side, side):
                raise FoursplitError(f"{path}: has {photo.size} pixels, must be {side} by {side}")
            photos[index] = np.asarray(photo.convert("RGB"))
    return photos
