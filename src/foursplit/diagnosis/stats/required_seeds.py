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

from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.seed_variance import are_paired, interaction

MOST_SEEDS = 10_000  # more are no plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedVariance:
    """The variance that seeds add to the difference of two models' mean errors.

    `one` is that of one seed of each model, `mean` that of the means over all seeds, and `n_seeds`
    the smaller number of seeds.  `parts` are the variances between seeds as they were observed,
    with the noise of the examples in them, and their degrees of freedom.
    """

    one: float
    mean: float
    n_seeds: int
    parts: tuple[tuple[float, float], ...] = ()

    def degrees(self, of_examples: float, n_groups: int) -> float:
        """Return Satterthwaite's degrees of freedom of `of_examples` plus the seeds' variance."""
        total = of_examples + self.mean
        parts = [(of_examples, max(1.0, n_groups - 1.0)), *self.parts]
        return total**2 / fsum(variance**2 / df for variance, df in parts)


def seed_variance(
    a: Mapping[Any, float],
    b: Mapping[Any, float],
    tables: tuple[PredictionTable, PredictionTable] | None = None,
) -> SeedVariance:
    """Compute the variance from each model's errors by seed.

    From the mean `tables`, on the same rows, follow whether equal seeds are pairs, and how much of
    their variance is noise of the examples.  Without losses by seed equal seeds are paired.
    """
    first, second = (t.seed_losses for t in tables) if tables else (None, None)
    weight = tables[0].weight if tables else np.ones(1)
    groups = tables[0].groups if tables else np.zeros(1)
    rows = [(list(a.values()), first), (list(b.values()), second)]
    if len(a) > 1 and list(a) == list(b):
        difference = [a[seed] - b[seed] for seed in a]
        if first is None or second is None:
            rows = [(difference, None)]
        elif are_paired(first, second):
            rows = [(difference, first - second)]
    spread = [
        (
            float(np.var(row, ddof=1)),
            len(row),
            0.0 if of_seed is None else interaction(of_seed, weight, groups),
        )
        for row, of_seed in rows
        if len(row) > 1
    ]
    observed = fsum(variance / n for variance, n, _ in spread)
    mean = max(0.0, observed - fsum(noise / n for _, n, noise in spread))
    own = mean / observed if observed > 0 else 0.0
    return SeedVariance(
        one=own * fsum(variance for variance, _, _ in spread),
        mean=mean,
        n_seeds=max(1, min(len(a), len(b))),
        parts=tuple((variance / n, n - 1.0) for variance, n, _ in spread),
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
