"""Dev-set size needed to detect a gain of min_gain and to show every slice non-inferior."""

from collections.abc import Sequence
from math import ceil, fsum, inf, sqrt

import numpy as np

from foursplit.diagnosis.stats.normal_power import NORMAL
from foursplit.diagnosis.stats.paired_tests import (
    PairedLosses,
    group_variance,
    null_variance,
    seed_variances,
)
from foursplit.diagnosis.stats.power import required_examples as examples_for_gain
from foursplit.promotion.slices import SliceResult

POWER = 0.8


def required_examples(
    pair: PairedLosses, slices: Sequence[SliceResult], min_gain: float, margin: float, alpha: float
) -> float:
    """Return the examples with which a challenger that gains `min_gain` is promoted with 80% power.

    Half of the type II error goes to the mean, half to the slices, which are assumed equal.  It is
    infinite if no number suffices: with too few seeds, or a `min_gain` or margin of 0.
    """
    beta = (1 - POWER) / (2 if slices else 1)
    for_mean = examples_for_mean(pair, min_gain, alpha, beta)
    return max(
        [
            for_mean,
            *(examples_for_slice(pair, s, margin, alpha, beta / len(slices)) for s in slices),
        ]
    )


def examples_for_mean(pair: PairedLosses, min_gain: float, alpha: float, beta: float) -> float:
    """Return the examples needed to detect a gain of `min_gain` in the mean."""
    n = len(pair.difference)
    if min_gain == 0:
        return inf
    if pair.is_binary:
        min_gain = min(min_gain, 1.0)  # 0/1 losses differ by at most 1
        discordance = max(min_gain, float(np.mean(pair.difference != 0)))
        return examples_for_gain(min_gain, discordance, power=1 - beta, alpha=2 * alpha)
    everything = np.ones(n, bool)
    target_variance = (min_gain / (NORMAL.inv_cdf(1 - alpha) + NORMAL.inv_cdf(1 - beta))) ** 2
    available = target_variance - fsum(variance for variance, _ in seed_variances(pair, everything))
    return ceil(n * group_variance(pair, everything)[0] / available) if available > 0 else inf


def examples_for_slice(
    pair: PairedLosses, result: SliceResult, margin: float, alpha: float, beta: float
) -> float:
    """Return the total examples needed to show that a slice is non-inferior."""
    n = len(pair.difference)
    if margin == 0:
        return inf
    z_alpha, z_beta = NORMAL.inv_cdf(1 - alpha), NORMAL.inv_cdf(1 - beta)
    if pair.is_binary:
        if margin >= 1:
            return 0
        discordance = max(
            float(np.mean(pair.difference[rows] != 0)) for rows in (result.mask, slice(None))
        )
        null_sd = sqrt(null_variance(discordance / 2, discordance / 2, margin))
        sd = z_alpha * null_sd + z_beta * sqrt(discordance)
        return ceil(n / result.n * (sd / margin) ** 2)
    variance, degrees = group_variance(pair, result.mask)
    available = (margin / (z_alpha + z_beta)) ** 2
    available -= fsum(of_seeds for of_seeds, _ in seed_variances(pair, result.mask))
    return ceil(n * variance / available) if available > 0 and degrees > 0 else inf
