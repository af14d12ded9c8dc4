"""How far each column has moved from one table to another, and how likely by chance alone.

Source: Benjamini and Hochberg (1995), Controlling the False Discovery Rate.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.stats.categorical import category, is_category
from foursplit.diagnosis.stats.multiple_testing import benjamini_hochberg


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far one column has moved."""

    column: str
    statistic: float
    kind: str  # standardised difference of means, or total variation
    p_value: float
    q_value: float  # expected share of false ones among those up to here

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def members(
    side: np.ndarray, unit: np.ndarray, rng: np.random.Generator, permutations: int
) -> np.ndarray:
    """Give (permutation, unit) flags of the second table: first as it is, then dealt anew.

    Both tables are pooled and their units dealt out again, as if there were no difference.
    """
    of_unit = np.zeros(int(unit.max()) + 1)
    of_unit[unit] = side
    return np.stack([of_unit, *(rng.permutation(of_unit) for _ in range(permutations))])


def shifts(frame: pd.DataFrame, unit: np.ndarray, member: np.ndarray) -> tuple[Shift, ...]:
    """Test each column, least likely by chance first."""
    tested = [(str(name), *_moved(frame[name], unit, member)) for name in frame]
    p = np.array([p_value(float(moved[0]), moved[1:]) for _, _, moved in tested])
    order = np.lexsort((np.array([-moved[0] for _, _, moved in tested]), p))
    q = benjamini_hochberg(p)
    return tuple(
        Shift(
            column=tested[k][0], kind=tested[k][1], statistic=float(tested[k][2][0]),
            p_value=float(p[k]), q_value=float(q[k]),
        )
        for k in order
    )  # fmt: skip


def _moved(values: pd.Series, unit: np.ndarray, member: np.ndarray) -> tuple[str, np.ndarray]:
    """Give a column's (permutation,) statistics, the first of them the real one."""
    n = member.shape[1]
    if is_category(values):
        code = category(values) + 1
        counts = np.zeros((n, int(code.max()) + 1))
        np.add.at(counts, (unit, code), 1.0)
        high, low = member @ counts, (1 - member) @ counts  # (permutation, level)
        high, low = (part / part.sum(axis=1, keepdims=True) for part in (high, low))
        return "total variation", np.abs(high - low).sum(axis=1) / 2
    x = values.to_numpy(np.float64)
    there = np.isfinite(x)
    sums = np.bincount(unit[there], weights=x[there], minlength=n)
    sizes = np.bincount(unit[there], minlength=n).astype(np.float64)
    spread = float(x[there].std()) or 1.0  # of both pooled: the same in every permutation
    means = [part @ sums / np.maximum(part @ sizes, 1) for part in (member, 1 - member)]
    return "standardised difference", np.abs(means[1] - means[0]) / spread


def p_value(real: float, null: np.ndarray) -> float:
    """Give the share of permutations that come out as far as what was seen, which is one."""
    return float((1 + (null >= real - 1e-12).sum()) / (1 + len(null)))
