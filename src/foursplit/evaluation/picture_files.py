"""Pictures of one's own as examples: as large, and in the colours, of a data set's pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from foursplit.core.errors import FoursplitError

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
"""How files end that are read as pictures."""

MODES = {1: "L", 3: "RGB"}
"""Pillow's name of the colours, by the number of channels."""


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def read_pictures(
    paths: Sequence[Path], inputs: tuple[int, ...], limits: tuple[float, float]
) -> tuple[np.ndarray, list[str]]:
    """Return pictures (picture, channel, row, column), and a note on each that was cut or resized.

    `inputs` are channels, rows and columns, and `limits` black and white, of the data set's own
    pictures.  The middle of each picture is taken, with their ratio of sides, and resized.
    Raises for a file that is no picture, and for inputs that are none.
    """
    if len(inputs) != 3 or inputs[0] not in MODES:
        raise FoursplitError(
            f"{paths[0]}: the model reads inputs of shape {inputs}, not pictures of 1 or 3 colours"
        )
    found, notes = [], []
    for path in paths:
        x, note = _read(path, inputs)
        found.append(x)
        notes += [note] if note else []
    low, high = limits
    return np.stack(found) * np.float32(high - low) + np.float32(low), notes


def _read(path: Path, inputs: tuple[int, ...]) -> tuple[np.ndarray, str]:
    """Return a picture from 0 (black) to 1 (white), and what was done to it."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    n_channels, height, width = inputs
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert(MODES[n_channels])
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise FoursplitError(f"{path}: no such file") from error
        raise FoursplitError(
            f"{path}: not readable as a picture ({error}). Valid: {', '.join(SUFFIXES)}"
        ) from error
    size = picture.size
    shrinks = min(size[0] / width, size[1] / height) >= 1
    resampling = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    fitted = ImageOps.fit(picture, (width, height), resampling)
    x = np.asarray(fitted, dtype=np.float32).reshape(height, width, n_channels) / np.float32(255)
    note = f"{path}: {size[0]} x {size[1]} pixels, of which the middle was made {width} x {height}"
    return x.transpose(2, 0, 1), "" if size == (width, height) else note
