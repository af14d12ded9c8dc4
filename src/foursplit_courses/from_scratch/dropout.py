"""Inverted dropout: units are left out at random, and the rest scaled so that means stay.

Source: Srivastava et al. (2014), Dropout; Ng, DLS C2 W1.
"""

import numpy as np
from jaxtyping import Float

Rows = Float[np.ndarray, "batch n"]


def dropout_mask(shape: tuple[int, ...], keep: float, rng: np.random.Generator) -> np.ndarray:
    """Return 1 / keep with probability `keep`, else 0.

    Forward and backward multiply by the same mask: another one would give the gradient of another
    network. Raises ValueError unless 0 < keep <= 1.
    """
    if not 0 < keep <= 1:
        raise ValueError(f"keep: {keep} must be above 0 and at most 1")
    return np.asarray((rng.random(shape) < keep) / keep)


def dropout(x: Rows, mask: Rows) -> Rows:
    """Apply the mask; also the backward pass, with the gradient in place of x."""
    return x * mask
