"""A slice's error against that of all others: how large, how sure, and how likely by chance.

Groups are drawn as one throughout.  Source: Cochran (1977), Sampling Techniques, section 6.3 (means
of unequal groups); Fisher (1935) (exact test); Benjamini and Hochberg (1995) (false discoveries).
"""

from dataclasses import dataclass
from math import exp, lgamma, sqrt

import numpy as np
from scipy.special import stdtr, stdtrit

from foursplit.diagnosis.error_analysis.tags import wilson
from foursplit.diagnosis.slices.encoding import Dev


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A slice's error on one part of dev, with its interval."""

    value: float
    lo: float
    hi: float
    n: int
    n_groups: int

    def as_json(self) -> dict[str, float | int]:
        return {name: getattr(self, name) for name in ("value", "lo", "hi", "n", "n_groups")}


def side(dev: Dev, inside: np.ndarray, confidence: float) -> Side:
    """Estimate the slice's own error."""
    n = int(inside.sum())
    weight, lost = _by_group(dev, inside)
    value, effective = float(lost.sum() / weight.sum()), _effective(weight)
    spread = _spread(dev, (lost - value * weight) / weight.sum())
    if dev.plain or spread == 0:  # without any spread, as far as zeros and ones would tell
        lo, hi = wilson(min(value, 1.0), effective, confidence)
        lo, hi = min(lo, value), max(hi, value)
    else:
        half = spread * student_t(confidence, effective - 1)
        lo, hi = max(0.0, value - half), value + half
    return Side(value=value, lo=lo, hi=hi, n=n, n_groups=int(np.count_nonzero(weight)))


def rest(dev: Dev, inside: np.ndarray) -> float:
    """Give the error of all others."""
    weight, lost = dev.weight[inside].sum(), (dev.weight[inside] * dev.loss[inside]).sum()
    return max(0.0, float((dev.group_lost.sum() - lost) / (dev.group_weight.sum() - weight)))


def recoverable(dev: Dev, inside: np.ndarray, confidence: float) -> tuple[float, float, float]:
    """Give |slice| (its mean less the others' mean) / n, with its interval."""
    if dev.plain:
        n = np.array([inside.sum(), (~inside).sum()], dtype=np.float64)
        wrong = float(dev.loss[inside].sum())
        means = np.array([wrong, dev.loss.sum() - wrong]) / n
        spread = sqrt(float((means * (1 - means) / n).sum()))
        share, worth = float(n[0] / n.sum()), float(n.min())
    else:
        weight, lost = _sides(dev, inside)
        means = lost.sum(axis=1) / weight.sum(axis=1)
        spread = _spread(dev, _pull(weight, lost, means))
        share = float(weight[0].sum() / weight.sum())
        worth = min(_effective(weight[0]), _effective(weight[1]))
    half = spread * student_t(confidence, worth - 1)
    difference = float(means[0] - means[1])
    return share * difference, share * (difference - half), share * (difference + half)


def p_value(dev: Dev, inside: np.ndarray) -> float:
    """Test, on one side, that the slice's error exceeds the others'.

    Zeros and ones on independent rows: Fisher's exact test.  Anything else: a score test, whose
    spread is taken as if there were no difference, by group, against Student's t with as many
    degrees as the smaller side is worth groups; skewed losses and few groups make it cautious.
    """
    n = int(inside.sum())
    if n in (0, len(inside)):
        return 1.0
    if dev.plain:
        return _fisher(int(dev.loss[inside].sum()), n, int(dev.loss.sum()), len(inside))
    weight, lost = _sides(dev, inside)
    means = lost.sum(axis=1) / weight.sum(axis=1)
    everywhere = np.full(2, lost.sum() / weight.sum())
    spread = _spread(dev, _pull(weight, lost, everywhere))
    degrees = min(_effective(weight[0]), _effective(weight[1])) - 1
    if degrees < 1 or spread == 0:  # one group says nothing of others
        return 1.0
    t = float(means[0] - means[1]) / spread
    return float(stdtr(degrees, -t))


def _by_group(dev: Dev, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum weights and weighted losses of the rows inside, by group."""
    weight, loss = dev.weight[inside], dev.loss[inside]
    if not dev.grouped:
        return weight, weight * loss
    groups = dev.groups[inside]
    size = len(dev.group_weight)
    return np.bincount(groups, weight, size), np.bincount(groups, weight * loss, size)


def _sides(dev: Dev, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give (side, group) weights and weighted losses: the slice, then all others."""
    if not dev.grouped:
        weight = np.stack([np.where(inside, dev.weight, 0.0), np.where(inside, 0.0, dev.weight)])
        return weight, weight * dev.loss
    weight, lost = _by_group(dev, inside)
    others = np.maximum(dev.group_weight - weight, 0.0), np.maximum(dev.group_lost - lost, 0.0)
    return np.stack([weight, others[0]]), np.stack([lost, others[1]])


def _pull(weight: np.ndarray, lost: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Say how far each group moves the difference between the sides."""
    part = (lost - means[:, None] * weight) / weight.sum(axis=1, keepdims=True)
    return part[0] - part[1]


def _spread(dev: Dev, influence: np.ndarray) -> float:
    """Give the standard error of a sum of influences, one for each group."""
    n = int(np.count_nonzero(dev.group_weight))
    return sqrt(float(influence @ influence) * n / max(1, n - 1))


def _effective(weight: np.ndarray) -> float:
    """Say how many equal groups these are worth."""
    return float(weight.sum() ** 2 / (weight @ weight))


def student_t(confidence: float, degrees: int | float) -> float:
    """Return the quantile of Student's t for a two-sided interval."""
    return float(stdtrit(max(1.0, degrees), 0.5 + confidence / 2))


def _fisher(k: int, n: int, wrong: int, total: int) -> float:
    """Give the chance of k errors or more among n of `total` rows, `wrong` of them errors."""
    if k <= max(0, n + wrong - total):
        return 1.0

    def choose(a: int, b: int) -> float:
        return lgamma(a + 1) - lgamma(b + 1) - lgamma(a - b + 1)

    first = choose(wrong, k) + choose(total - wrong, n - k) - choose(total, n)
    j = np.arange(k, min(n, wrong), dtype=np.float64)
    steps = np.log((wrong - j) * (n - j)) - np.log((j + 1) * (total - wrong - n + j + 1))
    terms = first + np.concatenate([[0.0], np.cumsum(steps)])
    top = float(terms.max())
    return float(min(1.0, exp(top) * np.exp(terms - top).sum()))
