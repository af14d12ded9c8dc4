"""Paired tests of two models on one split: non-inferiority and inferiority with a margin.

`difference` is the challenger's loss minus the champion's: above 0 the challenger is worse.

Source: Tango (1998), "Equivalence test and confidence interval for the difference in proportions
for the paired-sample design"; Agresti and Min (2005) on pseudo-pairs; Cochran (1977), Sampling
Techniques, section 6.3; Welch (1947) on degrees of freedom.
"""

from dataclasses import dataclass
from functools import cached_property
from math import fsum, inf, sqrt
from typing import TypeAlias

import numpy as np
from scipy.special import ndtr, stdtr

from foursplit.diagnosis.stats.seed_variance import are_paired, interaction

Variances: TypeAlias = tuple[tuple[float, float], ...]  # variances with their degrees of freedom


@dataclass(frozen=True, kw_only=True)
class PairedLosses:
    """Losses of both models, (seed, example) each; higher is worse.

    `groups` numbers the sampling units.  With `same_seeds` the seeds are paired.
    """

    champion: np.ndarray
    challenger: np.ndarray
    weight: np.ndarray  # (example,)
    groups: np.ndarray  # (example,)
    same_seeds: bool

    @cached_property
    def difference(self) -> np.ndarray:
        """Return the (example,) differences, averaged over seeds."""
        return np.asarray(self.challenger.mean(axis=0) - self.champion.mean(axis=0))

    @cached_property
    def is_binary(self) -> bool:
        """Return whether examples are independent with equal weights and 0/1 losses of one seed."""
        one_seed = len(self.champion) == len(self.challenger) == 1
        independent = len(np.unique(self.groups)) == len(self.groups)
        equal_weights = bool((self.weight == self.weight[0]).all())
        is_zero_one = bool(np.isin(self.difference, (-1.0, 0.0, 1.0)).all())
        return one_seed and independent and equal_weights and is_zero_one

    @cached_property
    def typical_difference(self) -> float:
        """Return the root mean square of the nonzero differences: 1 for 0/1 losses."""
        nonzero = self.difference[self.difference != 0]
        return float(np.sqrt(np.mean(nonzero**2))) if len(nonzero) else 1.0

    def mean(self, mask: np.ndarray) -> float:
        """Return the mean difference on the examples of a mask."""
        return float(np.average(self.difference[mask], weights=self.weight[mask]))


def score_statistic(pair: PairedLosses, mask: np.ndarray, margin: float) -> tuple[float, float]:
    """Return the test statistic of a difference against `margin`, and its degrees of freedom.

    For 0/1 losses it is Tango's score, which is valid without any discordant pair.  Otherwise it is
    a t statistic of group means, with one pseudo-pair of differences added, one of each sign.
    """
    if pair.is_binary:
        difference = pair.difference[mask]
        n_losses, n_wins = int((difference > 0).sum()), int((difference < 0).sum())
        return tango_score(n_losses, n_wins, len(difference), margin), inf
    variance, group_df = group_variance(pair, mask)
    variances = ((variance, group_df), *seed_variances(pair, mask))
    total = fsum(variance for variance, _ in variances)
    if group_df < 1 or total == 0:
        return 0.0, 1.0  # one group has no variance estimate
    degrees = total**2 / fsum(variance**2 / df for variance, df in variances)
    return (pair.mean(mask) - margin) / sqrt(total), degrees


def p_inferior(pair: PairedLosses, mask: np.ndarray, margin: float) -> float:
    """Return the p-value of the null hypothesis: worse by at most `margin`."""
    value, degrees = score_statistic(pair, mask, margin)
    return float(_cdf(-value, degrees))


def p_non_inferior(pair: PairedLosses, mask: np.ndarray, margin: float) -> float:
    """Return the p-value of the null hypothesis: worse by `margin` or more."""
    value, degrees = score_statistic(pair, mask, margin)
    return float(_cdf(value, degrees))


def _cdf(value: float, degrees: float) -> float:
    return float(ndtr(value) if degrees == inf else stdtr(degrees, value))


def tango_score(n_losses: int, n_wins: int, n: int, margin: float) -> float:
    """Return Tango's score for `n_losses` and `n_wins` of n pairs and a difference of `margin`."""
    if margin >= 1:
        return -inf  # 0/1 losses differ by at most 1
    variance = null_variance(n_losses / n, n_wins / n, margin)
    return (n_losses - n_wins - n * margin) / sqrt(n * variance) if variance > 0 else 0.0


def null_variance(loss_rate: float, win_rate: float, margin: float) -> float:
    """Return the variance of a pair under a difference of `margin`, from observed rates."""
    b = (2 - loss_rate + win_rate) * margin - loss_rate - win_rate
    c = win_rate * margin * (1 - margin)
    null_win_rate = (sqrt(b * b + 8 * c) - b) / 4  # maximum likelihood under the null hypothesis
    return 2 * null_win_rate + margin * (1 - margin)


def group_variance(pair: PairedLosses, mask: np.ndarray) -> tuple[float, float]:
    """Return the variance of the mean over groups, with one pseudo-pair, and its df."""
    _, code = np.unique(pair.groups[mask], return_inverse=True)
    weight = pair.weight[mask]
    sums = np.bincount(code, weights=weight * pair.difference[mask])
    weights = np.bincount(code, weights=weight)
    n, total = len(sums), float(weights.sum())
    if n < 2:
        return 0.0, 0.0
    residual = sums - sums.sum() / total * weights
    pseudo = 2 * (pair.typical_difference * total / n) ** 2
    return float((n / (n - 1) * (residual @ residual) + pseudo) / total**2), float(n - 1)


def seed_variances(pair: PairedLosses, mask: np.ndarray) -> Variances:
    """Return the variances that seeds add, of pairs or of each model; none for one seed.

    Seeds also err on examples of their own.  `group_variance` has that already, so it is taken off,
    and with it degrees of freedom: what is left of a variance is as uncertain as all of it.
    """
    first, second = pair.champion[:, mask], pair.challenger[:, mask]
    is_pair = pair.same_seeds and are_paired(first, second)
    weight = pair.weight[mask]
    _, groups = np.unique(pair.groups[mask], return_inverse=True)
    found: list[tuple[float, float]] = []
    for losses in [first - second] if is_pair else [first, second]:
        n_seeds = len(losses)
        if n_seeds < 2:
            continue
        observed = float(np.var(np.average(losses, axis=1, weights=weight), ddof=1))
        own = observed - interaction(losses, weight, groups)
        if own > 0:
            found.append((own / n_seeds, (n_seeds - 1) * (own / observed) ** 2))
    return tuple(found)
