"""How much worse one model may be than another: an upper confidence bound from paired examples.

Each source of variance has its own half-width, from its own distribution, and the half-widths add
in quadrature.  So no spread over seeds, of either model, can lower the bound.  Welch's degrees of
freedom do not guarantee this: a second source of variance can raise them and lower the bound.

Source: Banerjee (1960), "Approximate confidence interval for linear functions of means of k
populations when the population variances are not equal", Sankhya 22; Zou and Donner (2008),
"Construction of confidence limits about effect measures", Statistics in Medicine 27; Tango (1998).
"""

from collections.abc import Sequence
from math import fsum, inf, sqrt

import numpy as np
from scipy.special import stdtrit

from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.normal_power import NORMAL
from foursplit.diagnosis.stats.paired_comparison import align_rows
from foursplit.diagnosis.stats.paired_tests import PairedLosses, group_variance, tango_score

BISECTIONS = 50  # halve an interval of length 2 below the precision of a difference


def pair_tables(best: PredictionTable, other: PredictionTable, sign: int = 1) -> PairedLosses:
    """Return the paired losses of two tables; `sign` is -1 where more is better."""
    other = align_rows(other, best)
    return PairedLosses(
        champion=sign * best.loss[None],
        challenger=sign * other.loss[None],
        weight=best.weight,
        groups=best.groups,
        same_seeds=False,
    )


def largest_difference(
    pair: PairedLosses, alpha: float, by_seed: Sequence[Sequence[float]] = ()
) -> float:
    """Return the upper confidence bound of the challenger's mean loss minus the champion's.

    The confidence is 1 - `alpha`.  `pair` holds mean losses over seeds, and `by_seed` the metric of
    each seed of each model.  One seed says nothing about others, and adds nothing.  One group of
    examples gives no bound: inf.
    """
    everywhere = np.ones(len(pair.weight), bool)
    mean = pair.mean(everywhere)
    if pair.is_binary:
        widths = [_tango_bound(pair, alpha) - mean]
    else:
        variance, degrees = group_variance(pair, everywhere)
        if degrees < 1:
            return inf
        widths = [float(stdtrit(degrees, 1 - alpha)) * sqrt(variance)]
    widths += [
        float(stdtrit(len(values) - 1, 1 - alpha))
        * float(np.std(values, ddof=1))
        / sqrt(len(values))
        for values in by_seed
        if len(values) > 1
    ]
    return mean + sqrt(fsum(width**2 for width in widths))


def _tango_bound(pair: PairedLosses, alpha: float) -> float:
    """Return the largest difference that Tango's score test does not reject."""
    difference = pair.difference
    n_losses, n_wins = int((difference > 0).sum()), int((difference < 0).sum())
    limit = NORMAL.inv_cdf(alpha)
    low, high = (n_losses - n_wins) / len(difference), 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if tango_score(n_losses, n_wins, len(difference), middle) > limit:
            low = middle
        else:
            high = middle
    return high
