"""How many examples, or how many seeds, a difference between two models of several seeds needs.

Its variance is that of the examples over their number plus that of the seeds over theirs.  More
examples reduce the first alone: below a floor that the seeds set, no number of them suffices.

Source: Bouthillier et al. (2021), "Accounting for variance in machine learning benchmarks"; sample
size by the normal formula, with Student's t for the few seeds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, fsum
from typing import Any

import numpy as np
from scipy.special import stdtrit

MOST_SEEDS = 10_000  # more are no plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedVariance:
    """The variance that seeds add to the difference of two models' mean errors.

    `one` is that of one seed of each model, `mean` that of the means over all seeds, and `n_seeds`
    the smaller number of seeds.
    """

    one: float
    mean: float
    n_seeds: int


def seed_variance(a: Mapping[Any, float], b: Mapping[Any, float]) -> SeedVariance:
    """Compute the variance from each model's errors by seed; models with equal seeds are paired."""
    rows = [list(a.values()), list(b.values())]
    if len(a) > 1 and a.keys() == b.keys():
        rows = [[a[seed] - b[seed] for seed in a]]
    spread = [(float(np.var(row, ddof=1)), len(row)) for row in rows if len(row) > 1]
    return SeedVariance(
        one=fsum(variance for variance, _ in spread),
        mean=fsum(variance / n for variance, n in spread),
        n_seeds=max(1, min(len(a), len(b))),
    )


def examples_with_seeds(n_needed: int, delta: float, seeds: SeedVariance) -> int | None:
    """Return the examples that detect `delta` with these seeds; None if no number suffices.

    `n_needed` is the number that would suffice if seeds made no difference.
    """
    if seeds.mean == 0:
        return n_needed
    left = 1 - _factor(max(2, seeds.n_seeds)) * seeds.mean / delta**2
    return ceil(n_needed / left) if left > 0 else None


def seeds_with_examples(n_needed: int, n: int, delta: float, seeds: SeedVariance) -> int | None:
    """Return the seeds of each model that detect `delta` on `n` examples; None if none suffice."""
    left = delta**2 * (1 - n_needed / n)
    if seeds.n_seeds < 2 or left <= 0:
        return None
    return next((k for k in range(2, MOST_SEEDS) if _factor(k) * seeds.one / k <= left), None)


def _factor(n_seeds: int) -> float:
    """Return the square of the quantiles of a two-sided test at 5 % with a power of 80 %."""
    return float((stdtrit(n_seeds - 1, 0.975) + stdtrit(n_seeds - 1, 0.8)) ** 2)
