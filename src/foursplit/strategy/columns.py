"""What a column of a table holds: words, or quantities; and its values as numbers."""

import numpy as np
import pandas as pd

RARE = 50  # values of a category from which the rest are one

LEVELS = 20  # distinct values up to which a whole number is a category


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
