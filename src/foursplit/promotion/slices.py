"""Parts of the data that a better mean may hide: each value of each column, judged on its own.

To say that every part is safe, each must be, and no correction is due (intersection and union,
Berger 1982); to say that some part is ruined, the many looks are paid for (Holm 1979).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from foursplit.diagnosis.error_analysis.leakage import HASHES
from foursplit.diagnosis.prediction_table import Table
from foursplit.diagnosis.stats.categorical import coded, is_category
from foursplit.promotion.paired_tests import Paired, p_safe, p_worse


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A slice of one split, and what its examples say of the challenger there."""

    split: str
    name: str
    inside: np.ndarray  # (example,) mask
    n: int
    worse: float
    p_safe: float  # small: not worse by the margin
    p_worse: float  # small: worse by more than the margin


def parts(table: Table, pair: Paired, margin: float, least: int) -> list[Part]:
    """Judge every slice of `least` examples or more; a slice of two names is one."""
    return [
        Part(
            split=table.split,
            name=name,
            inside=inside,
            n=int(inside.sum()),
            worse=pair.mean(inside),
            p_safe=p_safe(pair, inside, margin),
            p_worse=p_worse(pair, inside, margin),
        )
        for name, inside in masks(table, least)
    ]


def masks(table: Table, least: int) -> Iterator[tuple[str, np.ndarray]]:
    """Give each slice's name and mask: the values of y for classes, then of each meta column."""
    seen = set()
    for name in columns(table):
        code = coded(name, table.frame[name], table.frame[name])
        for number, label in enumerate(code.labels):
            inside = code.first == number
            key = inside.tobytes()
            if least <= inside.sum() < len(inside) and key not in seen:
                seen.add(key)
                yield f"{name} = {label}", inside


def columns(table: Table) -> list[str]:
    """Name what is sliced by."""
    y = ["y"] if table.has("y_hat") and table.has("y") and _classes(table.frame["y"]) else []
    return [*y, *(name for name in table.meta if name not in HASHES)]


def _classes(values: pd.Series) -> bool:
    if not is_category(values):
        return False
    return not pd.api.types.is_float_dtype(values) or bool((values.dropna() % 1 == 0).all())
