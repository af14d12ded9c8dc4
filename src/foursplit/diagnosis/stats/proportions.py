"""Intervals of proportions."""

from statistics import NormalDist

import numpy as np


def wilson_interval(share: float, n: float | int, confidence: float) -> tuple[float, float]:
    """Return the score interval of a proportion.

    Source: Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference.
    """
    if n <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float(min(max(0.0, middle - half), share)), float(max(min(1.0, middle + half), share))
