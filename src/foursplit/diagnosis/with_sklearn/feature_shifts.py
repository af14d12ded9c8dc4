"""Distribution shift of each column between two tables, with permutation tests.

Source: Benjamini and Hochberg (1995), Controlling the False Discovery Rate.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.stats.categorical import category_codes, is_categorical
from foursplit.diagnosis.stats.multiple_testing import benjamini_hochberg


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureShift:
    """The shift of one column."""

    column: str
    statistic: float
    kind: str  # standardised difference of means, or total variation
    p_value: float
    q_value: float  # expected share of false discoveries up to here

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def permuted_membership(
    side: np.ndarray, unit: np.ndarray, rng: np.random.Generator, permutations: int
) -> np.ndarray:
    """Return (permutation, unit) flags of the second table: the observed ones first, then permuted.

    Units are permuted between both tables, as if there were no difference.
    """
    unit_side = np.zeros(int(unit.max()) + 1)
    unit_side[unit] = side
    return np.stack([unit_side, *(rng.permutation(unit_side) for _ in range(permutations))])


def feature_shifts(
    frame: pd.DataFrame, unit: np.ndarray, member: np.ndarray
) -> tuple[FeatureShift, ...]:
    """Test each column, smallest p-value first."""
    results = [(str(name), *_statistics(frame[name], unit, member)) for name in frame]
    p = np.array(
        [permutation_p_value(float(statistics[0]), statistics[1:]) for _, _, statistics in results]
    )
    order = np.lexsort((np.array([-statistics[0] for _, _, statistics in results]), p))
    q = benjamini_hochberg(p)
    return tuple(
        FeatureShift(
            column=results[k][0],
            kind=results[k][1],
            statistic=float(results[k][2][0]),
            p_value=float(p[k]),
            q_value=float(q[k]),
        )
        for k in order
    )


def _statistics(values: pd.Series, unit: np.ndarray, member: np.ndarray) -> tuple[str, np.ndarray]:
    """Return a column's (permutation,) statistics, the observed one first."""
    n = member.shape[1]
    if is_categorical(values):
        code = category_codes(values) + 1
        counts = np.zeros((n, int(code.max()) + 1))
        np.add.at(counts, (unit, code), 1.0)
        high, low = member @ counts, (1 - member) @ counts  # (permutation, level)
        high, low = (counts / counts.sum(axis=1, keepdims=True) for counts in (high, low))
        return "total variation", np.abs(high - low).sum(axis=1) / 2
    x = values.to_numpy(np.float64)
    is_finite = np.isfinite(x)
    sums = np.bincount(unit[is_finite], weights=x[is_finite], minlength=n)
    sizes = np.bincount(unit[is_finite], minlength=n).astype(np.float64)
    spread = float(x[is_finite].std()) or 1.0  # pooled over both tables: equal in every permutation
    means = [flags @ sums / np.maximum(flags @ sizes, 1) for flags in (member, 1 - member)]
    return "standardised difference", np.abs(means[1] - means[0]) / spread


def permutation_p_value(real: float, null: np.ndarray) -> float:
    """Return the share of permutations, observed one included, with as large a statistic."""
    return float((1 + (null >= real - 1e-12).sum()) / (1 + len(null)))
