"""How many dev examples would decide about a challenger that gains what is worth having."""

from collections.abc import Sequence
from math import ceil, fsum, inf, sqrt

import numpy as np

from foursplit.diagnosis.stats.power import NORMAL, examples_needed
from foursplit.promotion.paired_tests import Paired, null_variance, seed_spread, spread
from foursplit.promotion.slices import Part

POWER = 0.8


def needed(
    pair: Paired, slices: Sequence[Part], min_gain: float, margin: float, alpha: float
) -> float:
    """Give the examples with which such a challenger is promoted four times in five.

    Half of the chance to miss goes to the mean, half to the slices, which are taken to be no worse.
    Infinity where no number would do: for lack of seeds, or because nothing is asked to be gained.
    """
    miss = (1 - POWER) / (2 if slices else 1)
    of_all = of_mean(pair, min_gain, alpha, miss)
    return max([of_all, *(of_slice(pair, s, margin, alpha, miss / len(slices)) for s in slices)])


def of_mean(pair: Paired, min_gain: float, alpha: float, miss: float) -> float:
    """Give the examples that show a gain of `min_gain` over all."""
    n = len(pair.worse)
    if min_gain == 0:
        return inf
    if pair.counted:
        min_gain = min(min_gain, 1.0)  # right and wrong differ by no more
        discordance = max(min_gain, float(np.mean(pair.worse != 0)))
        return examples_needed(min_gain, discordance, power=1 - miss, alpha=2 * alpha)
    everything = np.ones(n, bool)
    wanted = (min_gain / (NORMAL.inv_cdf(1 - alpha) + NORMAL.inv_cdf(1 - miss))) ** 2
    left = wanted - fsum(variance for variance, _ in seed_spread(pair, everything))
    return ceil(n * spread(pair, everything)[0] / left) if left > 0 else inf


def of_slice(pair: Paired, part: Part, margin: float, alpha: float, miss: float) -> float:
    """Give the examples, of all, of which the slice's share shows that it is safe."""
    n = len(pair.worse)
    if margin == 0:
        return inf
    chance, shown = NORMAL.inv_cdf(1 - alpha), NORMAL.inv_cdf(1 - miss)
    if pair.counted:
        if margin >= 1:
            return 0
        seen = max(float(np.mean(pair.worse[where] != 0)) for where in (part.inside, slice(None)))
        sd = chance * sqrt(null_variance(seen / 2, seen / 2, margin)) + shown * sqrt(seen)
        return ceil(n / part.n * (sd / margin) ** 2)
    variance, degrees = spread(pair, part.inside)
    left = (margin / (chance + shown)) ** 2
    left -= fsum(of_seeds for of_seeds, _ in seed_spread(pair, part.inside))
    return ceil(n * variance / left) if left > 0 and degrees > 0 else inf
