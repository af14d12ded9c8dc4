"""Evaluate the challenger on slices: each value of each column.

A claim that all slices are non-inferior needs no correction (intersection-union test, Berger 1982);
a claim that some slice is inferior is corrected for multiple testing (Holm 1979).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from foursplit.diagnosis.error_analysis.leakage import HASHES
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.categorical import encode_pair, is_categorical
from foursplit.diagnosis.stats.paired_tests import PairedLosses, p_inferior, p_non_inferior


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceResult:
    """The comparison on one slice of a split."""

    split: str
    name: str
    mask: np.ndarray  # (example,)
    n: int
    difference: float  # challenger minus champion; above 0 is worse
    p_non_inferior: float  # small: not worse by the margin
    p_inferior: float  # small: worse by more than the margin


def evaluate_slices(
    table: PredictionTable, pair: PairedLosses, margin: float, min_examples: int
) -> list[SliceResult]:
    """Evaluate every slice of at least `min_examples`; equal slices count once."""
    return [
        SliceResult(
            split=table.split,
            name=name,
            mask=mask,
            n=int(mask.sum()),
            difference=pair.mean(mask),
            p_non_inferior=p_non_inferior(pair, mask, margin),
            p_inferior=p_inferior(pair, mask, margin),
        )
        for name, mask in slice_masks(table, min_examples)
    ]


def slice_masks(table: PredictionTable, min_examples: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and mask of each slice: the classes of y, then the values of each meta column."""
    seen = set()
    for name in slice_columns(table):
        code = encode_pair(name, table.frame[name], table.frame[name])
        for number, label in enumerate(code.labels):
            mask = code.first == number
            key = mask.tobytes()
            if min_examples <= mask.sum() < len(mask) and key not in seen:
                seen.add(key)
                yield f"{name} = {label}", mask


def slice_columns(table: PredictionTable) -> list[str]:
    """Return the columns to slice by."""
    y = ["y"] if table.has("y_hat") and table.has("y") and _classes(table.frame["y"]) else []
    return [*y, *(name for name in table.meta if name not in HASHES)]


def _classes(values: pd.Series) -> bool:
    if not is_categorical(values):
        return False
    return not pd.api.types.is_float_dtype(values) or bool((values.dropna() % 1 == 0).all())
