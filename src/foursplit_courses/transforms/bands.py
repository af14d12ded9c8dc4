"""Bands of a quantity, by which examples are sliced."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def band(
    values: np.ndarray | pd.Series, limits: Sequence[float], labels: Sequence[str]
) -> np.ndarray:
    """Return the name of the band (example,) that holds each value, `nan` where none does.

    A band reaches from above one limit up to the next, that one included.
    """
    bands = pd.cut(np.asarray(values), list(limits), labels=list(labels))
    return np.asarray(bands).astype(str)


def third_band(values: pd.Series) -> np.ndarray:
    """Return the third of all values (example,) that each lies in; of equals the first is lower."""
    ranks = values.rank(method="first", pct=True)
    return band(ranks, [0, 1 / 3, 2 / 3, 1], ["low", "middle", "high"])
