"""Two models on the same examples of one split: how sure it is that one is not much worse.

`worse` is the challenger's mean loss less the champion's: above 0 where the challenger is worse.

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

Several: TypeAlias = tuple[tuple[float, float], ...]  # variances with their degrees of freedom


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Losses of both, (seed, example) each, of which more is worse; seeds are paired if alike.

    `groups` numbers what is drawn as one.
    """

    champion: np.ndarray
    challenger: np.ndarray
    weight: np.ndarray  # (example,)
    groups: np.ndarray  # (example,)
    same_seeds: bool

    @cached_property
    def worse(self) -> np.ndarray:
        """Give (example,) differences, seeds averaged."""
        return np.asarray(self.challenger.mean(axis=0) - self.champion.mean(axis=0))

    @cached_property
    def counted(self) -> bool:
        """Say whether examples are independent, weigh alike and are right or wrong."""
        once = len(self.champion) == len(self.challenger) == 1
        apart = len(np.unique(self.groups)) == len(self.groups)
        alike = bool((self.weight == self.weight[0]).all())
        return once and apart and alike and bool(np.isin(self.worse, (-1.0, 0.0, 1.0)).all())

    @cached_property
    def step(self) -> float:
        """Give the usual size of a difference where there is one: 1 for right and wrong."""
        seen = self.worse[self.worse != 0]
        return float(np.sqrt(np.mean(seen**2))) if len(seen) else 1.0

    def mean(self, inside: np.ndarray) -> float:
        """Give how much worse the challenger is on the examples of a mask."""
        return float(np.average(self.worse[inside], weights=self.weight[inside]))


def distance(pair: Paired, inside: np.ndarray, margin: float) -> tuple[float, float]:
    """Say by how many standard errors the challenger exceeds being worse by `margin`.

    Returns it with its degrees of freedom.  Wrong answers are counted where they can be (Tango's
    score, which knows that none seen of few is not none); else the groups' means, with one pair of
    differences more than was seen, one each way.
    """
    if pair.counted:
        here = pair.worse[inside]
        lost, won = int((here > 0).sum()), int((here < 0).sum())
        return score(lost, won, len(here), margin), inf
    of_examples = spread(pair, inside)
    parts = (of_examples, *seed_spread(pair, inside))
    total = fsum(variance for variance, _ in parts)
    if of_examples[1] < 1 or total == 0:
        return 0.0, 1.0  # one group says nothing of others
    degrees = total**2 / fsum(variance**2 / known for variance, known in parts)
    return (pair.mean(inside) - margin) / sqrt(total), degrees


def p_worse(pair: Paired, inside: np.ndarray, margin: float) -> float:
    """Give the chance to look this much worse, or more, if worse by no more than `margin`."""
    value, degrees = distance(pair, inside, margin)
    return float(_below(-value, degrees))


def p_safe(pair: Paired, inside: np.ndarray, margin: float) -> float:
    """Give the chance to look this good, or better, if worse by `margin` or more."""
    value, degrees = distance(pair, inside, margin)
    return float(_below(value, degrees))


def _below(value: float, degrees: float) -> float:
    return float(ndtr(value) if degrees == inf else stdtr(degrees, value))


def score(lost: int, won: int, n: int, margin: float) -> float:
    """Give Tango's score of `lost` and `won` pairs of n against a difference of `margin`."""
    if margin >= 1:
        return -inf  # right and wrong differ by 1 at most
    variance = null_variance(lost / n, won / n, margin)
    return (lost - won - n * margin) / sqrt(n * variance) if variance > 0 else 0.0


def null_variance(lost: float, won: float, margin: float) -> float:
    """Give one pair's variance under a difference of `margin`, from shares of pairs seen."""
    b = (2 - lost + won) * margin - lost - won
    c = won * margin * (1 - margin)
    rare = (sqrt(b * b + 8 * c) - b) / 4  # most likely share won, where `margin` more are lost
    return 2 * rare + margin * (1 - margin)


def spread(pair: Paired, inside: np.ndarray) -> tuple[float, float]:
    """Give the mean's variance over groups, with one pair of differences added to those seen."""
    _, code = np.unique(pair.groups[inside], return_inverse=True)
    weight = pair.weight[inside]
    sums = np.bincount(code, weights=weight * pair.worse[inside])
    weights = np.bincount(code, weights=weight)
    n, whole = len(sums), float(weights.sum())
    if n < 2:
        return 0.0, 0.0
    residual = sums - sums.sum() / whole * weights
    added = 2 * (pair.step * whole / n) ** 2
    return float((n / (n - 1) * (residual @ residual) + added) / whole**2), float(n - 1)


def seed_spread(pair: Paired, inside: np.ndarray) -> Several:
    """Give what training again would add, of paired seeds or of each model's; one seed: nothing."""
    first, second = (
        np.average(losses[:, inside], axis=1, weights=pair.weight[inside])
        for losses in (pair.champion, pair.challenger)
    )
    rows = [first - second] if pair.same_seeds else [first, second]
    return tuple(
        (float(np.var(row, ddof=1)) / len(row), float(len(row) - 1)) for row in rows if len(row) > 1
    )
