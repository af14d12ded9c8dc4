"""What a column of a table holds: words, or quantities; and its values as numbers."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

RARE = 50  # values of a category from which the rest are one

LEVELS = 20  # distinct values up to which a whole number is a category


@dataclass(frozen=True, kw_only=True)
class Coded:
    """The values of a column that two tables have, as numbers."""

    name: str
    labels: list[str]
    first: np.ndarray  # (example,) places in labels
    second: np.ndarray


def is_category(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return True
    return values.nunique() <= LEVELS


def category(values: pd.Series) -> np.ndarray:
    """Number a column's values, most frequent first; the rare are one, the missing -1."""
    text = values.astype(str).where(values.notna())
    rank = {value: k for k, value in enumerate(text.value_counts(sort=True).index)}
    code = text.map(rank).fillna(-1).to_numpy(np.int64)
    return np.minimum(code, RARE)


def coded(name: str, first: pd.Series, second: pd.Series) -> Coded:
    """Number both columns' values; quantities by the quarter of the second that they lie in."""
    both = pd.concat([first, second], ignore_index=True)
    if not is_category(both):
        edges = np.unique(second.quantile([0.25, 0.5, 0.75]).to_numpy(np.float64))
        bounds = ["", *(f"{edge:.4g}" for edge in edges), ""]
        names = np.array([f"{a} to {b}".strip() for a, b in pairwise(bounds)], dtype=object)
        place = np.searchsorted(edges, both.to_numpy(np.float64), side="right")
        both = pd.Series(names[place]).where(both.notna().to_numpy(), "missing")
    raw, values = pd.factorize(both, use_na_sentinel=False)
    text = ["missing" if pd.isna(value) else str(value) for value in values]
    same, labels = pd.factorize(np.array(text, dtype=object), sort=True)  # 1 and "1" are one
    code = np.asarray(same[raw])
    n = len(first)
    return Coded(name=name, labels=list(labels), first=code[:n], second=code[n:])
