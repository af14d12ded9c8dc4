"""Photos of one size, as arrays."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from foursplit.core.errors import FoursplitError


def read(paths: Sequence[Path], side: int) -> np.ndarray:
    """Read coloured photos (photo, row, column, colour) as bytes; each must be `side` by `side`."""
    from PIL import Image

    photos = np.empty((len(paths), side, side, 3), np.uint8)
    for place, path in enumerate(paths):
        with Image.open(path) as photo:
            if photo.size != (side, side):
                raise FoursplitError(
                    f"{path}: is {photo.size} pixels, and must be {side} by {side}"
                )
            photos[place] = np.asarray(photo.convert("RGB"))
    return photos
