"""IDX, the format MNIST was published in: a header with the axes, then the bytes, row by row.

Source: LeCun, Cortes and Burges, the MNIST page ("file formats").
"""

import gzip
from collections.abc import Mapping
from math import prod
from pathlib import Path

import numpy as np

from foursplit.core.errors import FoursplitError

UNSIGNED_BYTE = 8  # the header's type code; digits and labels need no other


def read(path: Path) -> np.ndarray:
    """Read a gzipped file of unsigned bytes, with the axes of its header."""
    content = gzip.decompress(path.read_bytes())
    if content[:3] != bytes([0, 0, UNSIGNED_BYTE]) or len(content) < 4:
        raise FoursplitError(
            f"{path}: not an IDX file of unsigned bytes: it begins with {content[:4]!r}, expected "
            f"two zeros, {UNSIGNED_BYTE} and the number of axes"
        )
    n_axes = content[3]
    axes = tuple(int(n) for n in np.frombuffer(content[4 : 4 + 4 * n_axes], ">u4"))
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes)
    if prod(axes) != len(values):
        raise FoursplitError(
            f"{path}: the header declares axes {axes}, but {len(values)} values follow"
        )
    return values.reshape(axes)


def read_pair(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the pictures (picture, row, column) and the labels (picture,) of one published part."""
    pictures = read(folder / f"{prefix}-images-idx3-ubyte.gz")
    return pictures, read(folder / f"{prefix}-labels-idx1-ubyte.gz")


def read_parts(
    folder: Path, prefixes: Mapping[str, str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read several parts one after another; return pictures, labels and each picture's part."""
    pairs = [read_pair(folder, prefix) for prefix in prefixes.values()]
    pictures, labels = ([pair[i] for pair in pairs] for i in range(2))
    part = np.repeat(list(prefixes), [len(block) for block in pictures])
    return np.concatenate(pictures), np.concatenate(labels), part
