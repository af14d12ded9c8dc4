"""Estimates of an error, with bootstrap intervals that respect groups.

Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 6 and 13; Field and
Welsh (2007) on clusters; Brown, Cai and DasGupta (2001) on the Jeffreys interval; Cochran (1977),
Sampling Techniques, section 6.3, on the variance of a ratio.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from jaxtyping import Float64, Integer

from foursplit.diagnosis.stats.error_posterior import (
    MAX_POSTERIOR_GROUPS,
    answers_per_row,
    group_posterior,
    jeffreys_posterior,
    row_posterior,
)

MAX_CELLS = 2_000_000  # replicates times groups in memory at once: 4 MB of positions, 16 of sums

MIN_BOOTSTRAP_GROUPS = 20  # below it bootstrap percentiles are too narrow: Student's t instead

MIN_NORMAL_GROUPS = 20_000  # from it on the mean is normal, and resampling is wasted time


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Number of bootstrap replicates, and the confidence of intervals."""

    n_resamples: int = 1000
    confidence: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean error with its interval, which is read from `replicates`."""

    value: float
    lo: float
    hi: float
    n: int
    n_groups: int
    replicates: np.ndarray

    def as_json(self) -> dict[str, float | int]:
        return {
            "value": self.value,
            "lo": self.lo,
            "hi": self.hi,
            "n": self.n,
            "n_groups": self.n_groups,
        }


def estimate(
    loss: np.ndarray,
    weight: np.ndarray,
    groups: np.ndarray,
    rng: np.random.Generator,
    *,
    n_resamples: int,
    confidence: float,
) -> Estimate:
    """Return a weighted mean loss with its interval; groups are kept together.

    Shares of wrong answers (0 and 1, or means over seeds) have a posterior instead of the
    bootstrap: the two agree as n grows, but the bootstrap knows only errors that were observed.
    Quantities are resampled by group; with few groups the draws follow Student's t, with very many
    the normal.
    """
    value = float(np.average(loss, weights=weight))
    code, n_groups = number_groups(groups)
    are_answers = answers_per_row(loss) is not None
    replicates: np.ndarray
    if are_answers and n_groups == len(loss):
        replicates = row_posterior(loss, weight, rng, n_resamples)
    elif n_groups == 1:  # one group has no information on others
        replicates = rng.uniform(0.0, max(1.0, float(loss.max())), n_resamples)
    elif are_answers and n_groups <= MAX_POSTERIOR_GROUPS:
        replicates = group_posterior(loss, weight, code, rng, n_resamples, confidence)
    else:
        sums = np.bincount(code, weights=weight * loss)
        weights = np.bincount(code, weights=weight)
        replicates = _resampled(value, sums, weights, rng, n_resamples, confidence)
    if loss.min() >= 0:
        replicates = np.clip(replicates, 0.0, max_error(loss))
    lo, hi = _read_interval(
        replicates,
        confidence,
        all_right=are_answers and value == 0,
        all_wrong=are_answers and value == 1,
    )
    return Estimate(
        value=value,
        lo=min(lo, value),
        hi=max(hi, value),
        n=len(loss),
        n_groups=n_groups,
        replicates=replicates,
    )


def max_error(loss: np.ndarray, n_seeds: int = 1) -> float | None:
    """Return 1 where the losses are shares of `n_seeds` answers that are wrong, else no bound.

    Right or wrong, an error rate ends at 1; a squared error has no end.
    """
    n_wrong = loss * n_seeds
    is_share = (np.abs(n_wrong - np.round(n_wrong)) < 1e-9).all() and loss.max() <= 1
    return 1.0 if is_share else None


def number_groups(groups: np.ndarray) -> tuple[np.ndarray, int]:
    """Return each row's group as a number from 0, and the number of groups."""
    names, code = np.unique(groups, return_inverse=True)
    return code, len(names)


def _resampled(
    value: float,
    sums: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
    n_resamples: int,
    confidence: float,
) -> np.ndarray:
    n = len(sums)
    if not sums.any():  # no observed loss is no certainty
        return jeffreys_posterior(0.0, n, rng, n_resamples)
    if MIN_BOOTSTRAP_GROUPS <= n < MIN_NORMAL_GROUPS:
        order = np.lexsort((weights, sums))  # sorted, so that the order of rows changes nothing
        replicates = bootstrap_replicates(sums[order], weights[order], rng, n_resamples)
        return value + (replicates - value) * t_correction(n, confidence)
    return value + standard_error(sums, weights) * _deviates(n, rng, n_resamples)


def t_correction(n_groups: int, confidence: float) -> float:
    """Return the ratio of the width of a t interval to that of the bootstrap's percentiles.

    The bootstrap divides by n instead of n - 1, and has normal tails although the spread is
    estimated.  The quantile of Student's t is approximated by its expansion in 1 / (n - 1).
    """
    z, dof = NormalDist().inv_cdf(0.5 + confidence / 2), n_groups - 1
    t = z + (z**3 + z) / (4 * dof) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * dof**2)
    return float(t / z * np.sqrt(n_groups / dof))


def standard_error(sums: np.ndarray, weights: np.ndarray) -> float:
    """Return the standard error of the ratio of two sums over independent groups."""
    n = len(sums)
    residual = sums - sums.sum() / weights.sum() * weights
    return float(np.sqrt(n / (n - 1) * (residual**2).sum()) / weights.sum())


def _deviates(n_groups: int, rng: np.random.Generator, n_resamples: int) -> np.ndarray:
    if n_groups < MIN_BOOTSTRAP_GROUPS:
        return rng.standard_t(n_groups - 1, n_resamples)
    return rng.standard_normal(n_resamples)


def _read_interval(
    replicates: np.ndarray, confidence: float, *, all_right: bool, all_wrong: bool
) -> tuple[float, float]:
    """Return the interval; it is one-sided if no or every answer was wrong."""
    if all_right:
        return 0.0, float(np.quantile(replicates, confidence))
    if all_wrong:
        return float(np.quantile(replicates, 1 - confidence)), 1.0
    return percentile_interval(replicates, confidence)


def bootstrap_replicates(
    sums: Float64[np.ndarray, " n_groups"],
    weights: Float64[np.ndarray, " n_groups"],
    rng: np.random.Generator,
    n_resamples: int,
) -> Float64[np.ndarray, " n_resamples"]:
    """Return the weighted means of bootstrap replicates; groups are drawn with replacement."""
    n, have_equal_weights = len(sums), bool((weights == weights[0]).all())
    blocks = []
    for drawn in draw_groups(n, rng, n_resamples):
        weight = n * weights[0] if have_equal_weights else weights[drawn].sum(axis=1)
        blocks.append(sums[drawn].sum(axis=1) / weight)
    return np.concatenate(blocks)


def draw_groups(
    n_groups: int, rng: np.random.Generator, n_resamples: int, max_cells: int = MAX_CELLS
) -> Iterator[Integer[np.ndarray, "block n_groups"]]:
    """Draw each replicate's groups with replacement, as positions; at most `max_cells` at once.

    Adding the values at drawn positions is faster than drawing multinomial counts.
    """
    block_size = max(1, max_cells // n_groups)
    dtype = np.uint16 if n_groups <= 1 << 16 else np.int64  # narrow integers are drawn faster
    for start in range(0, n_resamples, block_size):
        size = (min(block_size, n_resamples - start), n_groups)
        yield rng.integers(0, n_groups, size=size, dtype=dtype)


def percentile_interval(replicates: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return the percentile interval of replicates."""
    tail = (1 - confidence) / 2
    lo, hi = np.quantile(replicates, [tail, 1 - tail])
    return float(lo), float(hi)
