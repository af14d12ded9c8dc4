"""Corrections for testing several hypotheses at once.

Source: Benjamini and Hochberg (1995), Controlling the False Discovery Rate; Holm (1979), A Simple
Sequentially Rejective Multiple Test Procedure.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64


def benjamini_hochberg(
    p_values: Sequence[float] | np.ndarray,
) -> Float64[np.ndarray, " hypothesis"]:
    """Return each hypothesis's q: the expected share of false discoveries up to its p."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return q


def holm(p_values: Sequence[float], alpha: float) -> Bool[np.ndarray, " hypothesis"]:
    """Return which hypotheses are rejected at a family-wise error rate of `alpha`."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    is_kept = p[order] > alpha / (len(p) - np.arange(len(p)))
    is_rejected = np.zeros(len(p), bool)
    is_rejected[order[: int(is_kept.argmax()) if is_kept.any() else len(p)]] = True
    return is_rejected
