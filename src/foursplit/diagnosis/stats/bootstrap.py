"""How sure we are of an error: intervals that respect groups, few or many of them.

Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 6 and 13; Field and
Welsh (2007) on clusters; Brown, Cai and DasGupta (2001) on the Jeffreys interval; Cochran (1977),
Sampling Techniques, section 6.3, on the variance of a ratio.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from jaxtyping import Float64

CELLS = 20_000_000  # of draws times groups held at once: 160 MB

FEW = 20  # groups below which percentiles of a bootstrap are too narrow: Student's t in their place

MANY = 20_000  # groups from which the mean is normal for all purposes, and drawing them is waste


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean error with its interval; `draws` is what the interval was read from."""

    value: float
    lo: float
    hi: float
    n: int
    n_groups: int
    draws: np.ndarray

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
    resamples: int,
    confidence: float,
) -> Estimate:
    """Estimate a weighted mean loss; the groups are what is drawn again.

    Losses of 0 and 1 on independent rows are drawn from the Jeffreys posterior in place of the
    bootstrap: the two agree as n grows, and with no error at all the bootstrap would claim to be
    certain.  With few groups the draws follow Student's t, with very many the normal.
    """
    value = float(np.average(loss, weights=weight))
    names, code = np.unique(groups, return_inverse=True)
    plain = len(names) == len(loss) and _is_plain(loss, weight)
    sums = np.bincount(code, weights=weight * loss)
    weights = np.bincount(code, weights=weight)
    if plain or not sums.any():
        draws = posterior(float(sums.sum() / weight[0]), len(names), rng, resamples)
    elif len(names) == 1:  # one group says nothing of others
        draws = rng.uniform(0.0, max(1.0, float(loss.max())), resamples)
    elif FEW <= len(names) < MANY:
        order = np.lexsort((weights, sums))  # of their own, so that the file's is no input
        drawn = resample(sums[order], weights[order], rng, resamples)
        draws = value + (drawn - value) * widening(len(names), confidence)
    else:
        draws = value + standard_error(sums, weights) * _deviates(len(names), rng, resamples)
    draws = np.maximum(draws, 0.0) if loss.min() >= 0 else draws
    lo, hi = _read(draws, confidence, none=plain and value == 0, all_=plain and value == 1)
    return Estimate(
        value=value,
        lo=min(lo, value),
        hi=max(hi, value),
        n=len(loss),
        n_groups=len(names),
        draws=draws,
    )


def posterior(errors: float, n: int, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """Draw error rates after seeing `errors` in n independent trials, knowing nothing before."""
    return rng.beta(errors + 0.5, n - errors + 0.5, resamples)


def widening(n_groups: int, confidence: float) -> float:
    """Say how much wider an interval from n groups is than the bootstrap's percentiles.

    The bootstrap divides by n where n - 1 is right, and has normal tails where the spread itself
    is only estimated: the factor is that of Student's t, by its expansion in 1/(n - 1).
    """
    z, degrees = NormalDist().inv_cdf(0.5 + confidence / 2), n_groups - 1
    t = z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    return float(t / z * np.sqrt(n_groups / degrees))


def standard_error(sums: np.ndarray, weights: np.ndarray) -> float:
    """Give the standard error of the ratio of two sums over independent groups."""
    n = len(sums)
    residual = sums - sums.sum() / weights.sum() * weights
    return float(np.sqrt(n / (n - 1) * (residual**2).sum()) / weights.sum())


def _deviates(n_groups: int, rng: np.random.Generator, resamples: int) -> np.ndarray:
    if n_groups < FEW:
        return rng.standard_t(n_groups - 1, resamples)
    return rng.standard_normal(resamples)


def _read(draws: np.ndarray, confidence: float, *, none: bool, all_: bool) -> tuple[float, float]:
    """Read the interval; where nothing or everything was wrong it has one open end alone."""
    if none:
        return 0.0, float(np.quantile(draws, confidence))
    if all_:
        return float(np.quantile(draws, 1 - confidence)), 1.0
    return interval(draws, confidence)


def resample(
    sums: Float64[np.ndarray, " n_groups"],
    weights: Float64[np.ndarray, " n_groups"],
    rng: np.random.Generator,
    resamples: int,
) -> Float64[np.ndarray, " resamples"]:
    """Draw groups with replacement, as counts, and give each draw's weighted mean."""
    n = len(sums)
    step = max(1, CELLS // n)
    parts = []
    for start in range(0, resamples, step):
        counts = rng.multinomial(n, np.full(n, 1 / n), size=min(step, resamples - start))
        parts.append((counts @ sums) / (counts @ weights))
    return np.concatenate(parts)


def interval(draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """Read the percentile interval off draws."""
    tail = (1 - confidence) / 2
    lo, hi = np.quantile(draws, [tail, 1 - tail])
    return float(lo), float(hi)


def _is_plain(loss: np.ndarray, weight: np.ndarray) -> bool:
    return bool(np.isin(loss, (0.0, 1.0)).all() and (weight == weight[0]).all())
