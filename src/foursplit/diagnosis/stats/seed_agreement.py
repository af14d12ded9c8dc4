"""Whether the seeds of a model reach the same error on train, and which of them failed to.

Train error is what optimization reaches, so a difference between seeds there comes from initial
weights and order of examples, not from too few examples of another split.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import comb
from statistics import fmean
from typing import Any

import numpy as np

from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.non_inferiority import pair_tables
from foursplit.diagnosis.stats.paired_tests import p_inferior

FAR = 3  # times the range of the other seeds: how far from them a failed seed is at least


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedAgreement:
    """Train errors by seed, and whether they differ significantly by more than a margin.

    `p_value` is of the null hypothesis that the highest error exceeds the lowest by `margin` or
    less, corrected for the number of pairs.  `failed` names seeds far above at least as many
    others.  `recoverable` is how much the mean dev error would fall if all trained as well as the
    rest, or as the seed with the lowest train error if none is named; None without dev errors.
    """

    errors: Mapping[str, float]
    margin: float
    p_value: float
    disagree: bool
    failed: tuple[str, ...]
    recoverable: float | None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "failed": list(self.failed)}


def compare_seeds(
    tables: Mapping[str, PredictionTable],
    margin: float,
    alpha: float,
    dev_errors: Mapping[str, float] | None = None,
) -> SeedAgreement | None:
    """Compare train errors by seed on the same examples; return None for a single seed.

    A smaller difference than `margin` is not relevant, however significant.
    """
    if len(tables) < 2:
        return None
    errors = {seed: table.error for seed, table in tables.items()}
    lowest, highest = (pick(errors, key=lambda seed: errors[seed]) for pick in (min, max))
    p_value = min(1.0, comb(len(tables), 2) * _p_far(tables[lowest], tables[highest], margin))
    disagree = p_value < alpha
    failed = _far_seeds(errors, margin) if disagree else ()
    trained = [seed for seed in errors if seed not in failed] if failed else [lowest]
    return SeedAgreement(
        errors=errors,
        margin=margin,
        p_value=p_value,
        disagree=disagree,
        failed=failed,
        recoverable=_recoverable(dev_errors, trained) if dev_errors and disagree else None,
    )


def _recoverable(dev_errors: Mapping[str, float], trained: Sequence[str]) -> float:
    return max(0.0, fmean(dev_errors.values()) - fmean(dev_errors[seed] for seed in trained))


def _p_far(lowest: PredictionTable, highest: PredictionTable, margin: float) -> float:
    pair = pair_tables(lowest, highest)
    if not pair.difference.any():
        return 1.0
    return p_inferior(pair, np.ones(len(pair.weight), bool), margin)


def _far_seeds(errors: Mapping[str, float], margin: float) -> tuple[str, ...]:
    """Return the seeds above the widest step of the sorted errors, if that is far and at most half.

    Far: the step exceeds `margin` and FAR times the range of the errors below it.
    """
    ranked = sorted(errors, key=lambda seed: errors[seed])
    steps = [errors[above] - errors[below] for below, above in pairwise(ranked)]
    n_below = max(range(len(steps)), key=lambda i: (steps[i], i)) + 1
    step, spread = steps[n_below - 1], errors[ranked[n_below - 1]] - errors[ranked[0]]
    is_far = step > max(margin, FAR * spread)
    return tuple(ranked[n_below:]) if is_far and 2 * n_below >= len(ranked) else ()
