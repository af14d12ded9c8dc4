"""How sure we are of an error: intervals that respect groups.

Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 6 and 13; Field and
Welsh (2007) on clusters; Brown, Cai and DasGupta (2001) on the Jeffreys interval.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

CELLS = 20_000_000  # of draws times groups held at once: 160 MB


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
    certain.
    """
    value = float(np.average(loss, weights=weight))
    names, code = np.unique(groups, return_inverse=True)
    if len(names) == len(loss) and _is_plain(loss, weight):
        errors = float(loss.sum())
        draws = rng.beta(errors + 0.5, len(loss) - errors + 0.5, resamples)
    else:
        sums = np.bincount(code, weights=weight * loss)
        weights = np.bincount(code, weights=weight)
        draws = resample(sums, weights, rng, resamples)
    lo, hi = interval(draws, confidence)
    return Estimate(
        value=value,
        lo=min(lo, value),  # at no error at all the posterior lies wholly above
        hi=max(hi, value),
        n=len(loss),
        n_groups=len(names),
        draws=draws,
    )


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
