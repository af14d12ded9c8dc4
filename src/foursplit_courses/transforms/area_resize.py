"""Downscale pictures by area averaging (OpenCV's INTER_AREA)."""

import numpy as np

from foursplit.core.errors import FoursplitError


def area_resize(pictures: np.ndarray, side: int) -> np.ndarray:
    """Average square pictures (picture, row, column, …) down to `side` pixels a side.

    A new pixel may cover parts of old ones.  Each picture is resized independently, so that no test
    picture influences train.
    """
    fine = pictures.shape[1]
    if pictures.shape[1:3] != (fine, fine) or not 1 <= side <= fine:
        raise FoursplitError(
            f"area_resize: pictures of {pictures.shape[1:3]} cannot be resized to {side} by {side}"
        )
    weights = _areas(fine, side)
    return np.einsum("ir,nrc...,jc->nij...", weights, pictures, weights, optimize=True)


def _areas(fine: int, coarse: int) -> np.ndarray:
    """Return the weight (coarse, fine) of each old pixel in each new one."""
    edges = np.arange(coarse + 1) * (fine / coarse)
    low, high = edges[:-1, None], edges[1:, None]
    pixel = np.arange(fine)
    overlap = np.minimum(high, pixel + 1) - np.maximum(low, pixel)
    return (overlap.clip(0) * (coarse / fine)).astype(np.float32)
