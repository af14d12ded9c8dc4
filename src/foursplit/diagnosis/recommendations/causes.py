"""Which tags, slices and drivers name one cause, so that it becomes one step."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from foursplit.diagnosis.cell_values import text
from foursplit.diagnosis.prediction_table import META, PredictionTable

SAME = 0.6  # correlation of tag and slice among the examples read: from here on, one cause


def tags_of(dev: PredictionTable | None, where: Mapping[str, str]) -> set[str]:
    """Return the tags that mark the same examples as the values `where`, by name of column.

    Errors and right answers that people read count alike.  Quantities, which a slice holds in bins,
    have no such tags.
    """
    if dev is None or not dev.has("tags"):
        return set()
    tagged = dev.frame["tags"]
    is_read = tagged.map(len).to_numpy() > 0
    if dev.has("read"):
        is_read |= dev.frame["read"].to_numpy(bool)
    if dev.has("label_audit"):
        is_read |= dev.frame["label_audit"].notna().to_numpy()
    inside = np.logical_and.reduce(
        [(text(dev.frame[META + name]) == value).to_numpy(bool) for name, value in where.items()]
    )[is_read]
    names = {tag for tags in tagged for tag in tags}
    return {tag for tag in names if _correlation(_bears(tagged[is_read], tag), inside) >= SAME}


def is_one_cause(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Check whether one of two slices lies within the other."""
    return one.items() <= other.items() or other.items() <= one.items()


def _bears(tagged: pd.Series, tag: str) -> np.ndarray:
    return np.fromiter((tag in tags for tags in tagged), bool, len(tagged))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if one.all() or other.all() or not one.any() or not other.any():
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
