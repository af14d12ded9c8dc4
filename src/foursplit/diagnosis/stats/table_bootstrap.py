"""Intervals of what is no mean over examples: BLEU, mean average precision.

Groups are resampled as a whole, and the statistic is computed again from all rows of each sample.
Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 6, 11 and 13; Koehn
(2004), Statistical significance tests for machine translation evaluation.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from foursplit.core.arrays import Array, Ragged
from foursplit.diagnosis.stats.bootstrap import (
    MIN_BOOTSTRAP_GROUPS,
    Estimate,
    draw_groups,
    percentile_interval,
    t_correction,
)
from foursplit.diagnosis.stats.error_posterior import jeffreys_posterior

Columns = Mapping[str, Array]
"""What a statistic reads of a table, by name: a row for each entry of the first axis."""

Statistic = Callable[[Columns], float]
"""Computes a number from all rows together; NaN where it is not defined for them."""


def estimate_statistic(
    statistic: Statistic,
    columns: Columns,
    groups: np.ndarray,
    rng: np.random.Generator,
    *,
    n_resamples: int,
    confidence: float,
) -> Estimate | None:
    """Estimate a statistic from 0 to 1, or above, with its interval; None where it is undefined.

    With few groups the draws follow Student's t with the jackknife's standard error.  Where no
    sample differs from a perfect or a worst table, Jeffreys' prior says how many groups may differ
    unseen, each of them by all that it can.
    """
    value = statistic(columns)
    if np.isnan(value):
        return None
    rows = rows_by_group(groups)
    n = len(rows)
    if n == 1:  # one group has no information on others
        replicates = rng.uniform(0.0, max(1.0, value), n_resamples)
    elif n < MIN_BOOTSTRAP_GROUPS:
        error = _jackknife_error(statistic, columns, rows)
        replicates = value + error * rng.standard_t(n - 1, n_resamples)
    else:
        found = np.array([*_resampled(statistic, columns, rows, rng, n_resamples)])
        replicates = value + (found[~np.isnan(found)] - value) * t_correction(n, confidence)
    if not np.ptp(replicates) and value in (0.0, 1.0):
        differ = jeffreys_posterior(0.0, n, rng, n_resamples)
        lo, hi = sorted((value, abs(value - float(np.quantile(differ, confidence)))))
        replicates = np.abs(value - differ)
    else:
        replicates = np.clip(replicates, 0.0, None if value > 1 else 1.0)
        lo, hi = percentile_interval(replicates, confidence)
    return Estimate(
        value=value,
        lo=min(lo, value),
        hi=max(hi, value),
        n=len(groups),
        n_groups=n,
        replicates=replicates,
    )


def rows_by_group(groups: np.ndarray) -> Ragged:
    """Return the positions of each group's rows; groups are in the order of their names."""
    _, code = np.unique(groups, return_inverse=True)
    return Ragged(np.argsort(code, kind="stable"), np.cumsum(np.bincount(code), dtype=np.int64))


def _resampled(
    statistic: Statistic, columns: Columns, rows: Ragged, rng: np.random.Generator, n_resamples: int
) -> Iterator[float]:
    for block in draw_groups(len(rows), rng, n_resamples):
        for drawn in block:
            yield statistic(_take(columns, rows[drawn].values))


def _jackknife_error(statistic: Statistic, columns: Columns, rows: Ragged) -> float:
    """Compute the standard error from the statistic without each of the groups in turn."""
    every = np.arange(len(rows))
    found = np.array([statistic(_take(columns, rows[every != left].values)) for left in every])
    found = found[~np.isnan(found)]
    n = len(found)
    return float(np.sqrt((n - 1) / n * ((found - found.mean()) ** 2).sum())) if n > 1 else 0.0


def _take(columns: Columns, positions: np.ndarray) -> dict[str, Array]:
    return {name: column[positions] for name, column in columns.items()}
