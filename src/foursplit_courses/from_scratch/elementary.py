"""First functions of NumPy: rows of length 1, pictures as rows, and losses of two vectors.

Sigmoid is in `activations.py`, softmax in `softmax.py`, with the derivatives.

Source: Ng, DLS C1 W2.
"""

import numpy as np
from jaxtyping import Float

Vector = Float[np.ndarray, " n"]


def normalize_rows(x: Float[np.ndarray, "row n"]) -> Float[np.ndarray, "row n"]:
    """Return each row divided by its Euclidean length; a row of zeros stays as it is."""
    largest = np.abs(x).max(axis=1, keepdims=True)
    x = x / np.where(largest == 0, 1, largest)  # squares of tiny values would be zero
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(x / np.where(length == 0, 1, length))


def pictures_to_rows(pictures: np.ndarray) -> Float[np.ndarray, "row n"]:
    """Return one row a picture, its values in the order of the last axis."""
    return pictures.reshape(len(pictures), -1)


def l1_loss(y_hat: Vector, y: Vector) -> float:
    """Compute the sum of absolute differences."""
    return float(np.abs(y - y_hat).sum())


def l2_loss(y_hat: Vector, y: Vector) -> float:
    """Compute the sum of squared differences."""
    return float(np.dot(y - y_hat, y - y_hat))
