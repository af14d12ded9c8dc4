"""Categorical and numeric columns of a table, and their values as integer codes."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

MAX_CATEGORIES = 50  # categories that get a code of their own; all rarer ones share one

MAX_LEVELS = 20  # distinct values up to which a numeric column is categorical


@dataclass(frozen=True, kw_only=True)
class EncodedPair:
    """The integer codes of a column that two tables share."""

    name: str
    labels: list[str]
    first: np.ndarray  # (example,) indices into labels
    second: np.ndarray


def is_categorical(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return True
    return values.nunique() <= MAX_LEVELS


def category_codes(values: pd.Series) -> np.ndarray:
    """Return integer codes, most frequent value first; rare values share one, missing is -1."""
    text = values.astype(str).where(values.notna())
    rank = {value: k for k, value in enumerate(text.value_counts(sort=True).index)}
    code = text.map(rank).fillna(-1).to_numpy(np.int64)
    return np.minimum(code, MAX_CATEGORIES)


def encode_pair(name: str, first: pd.Series, second: pd.Series) -> EncodedPair:
    """Encode both columns with shared labels; quantities by the quartiles of the second column."""
    values = pd.concat([first, second], ignore_index=True)
    if not is_categorical(values):
        edges = np.unique(second.quantile([0.25, 0.5, 0.75]).to_numpy(np.float64))
        bounds = ["", *(f"{edge:.4g}" for edge in edges), ""]
        names = np.array([f"{a} to {b}".strip() for a, b in pairwise(bounds)], dtype=object)
        quartile = np.searchsorted(edges, values.to_numpy(np.float64), side="right")
        values = pd.Series(names[quartile]).where(values.notna().to_numpy(), "missing")
    raw_codes, distinct = pd.factorize(values, use_na_sentinel=False)
    text = ["missing" if pd.isna(value) else str(value) for value in distinct]
    label_codes, labels = pd.factorize(np.array(text, dtype=object), sort=True)  # 1 and "1" are one
    code = np.asarray(label_codes[raw_codes])
    n = len(first)
    return EncodedPair(name=name, labels=list(labels), first=code[:n], second=code[n:])
