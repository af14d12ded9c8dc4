"""A slice's error compared with that of all other rows: size, interval and p-value.

Groups are kept together throughout.  Source: Cochran (1977), Sampling Techniques, section 6.3
(means of unequal groups); Fisher (1935) (exact test).
"""

from dataclasses import dataclass
from math import exp, lgamma, sqrt

import numpy as np
from scipy.special import stdtr, stdtrit

from foursplit.diagnosis.slices.encoding import EncodedDev
from foursplit.diagnosis.stats.bootstrap import max_error
from foursplit.diagnosis.stats.proportions import wilson_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceError:
    """A slice's error on one part of dev, with its interval."""

    value: float
    lo: float
    hi: float
    n: int
    n_groups: int

    def as_json(self) -> dict[str, float | int]:
        return {name: getattr(self, name) for name in ("value", "lo", "hi", "n", "n_groups")}


def slice_error(dev: EncodedDev, inside: np.ndarray, confidence: float) -> SliceError:
    """Return the slice's own error with its interval."""
    n = int(inside.sum())
    weight, weighted_loss = _by_group(dev, inside)
    value, n_effective = float(weighted_loss.sum() / weight.sum()), _n_effective(weight)
    standard_error = _standard_error(dev, (weighted_loss - value * weight) / weight.sum())
    if dev.plain or standard_error == 0:  # without any spread, the interval of a binary loss
        lo, hi = wilson_interval(min(value, 1.0), n_effective, confidence)
        lo, hi = min(lo, value), max(hi, value)
    else:
        half = standard_error * t_quantile(confidence, n_effective - 1)
        lo, hi = np.clip([value - half, value + half], 0.0, max_error(dev.loss)).tolist()
    return SliceError(value=value, lo=lo, hi=hi, n=n, n_groups=int(np.count_nonzero(weight)))


def complement_error(dev: EncodedDev, inside: np.ndarray) -> float:
    """Return the error of all rows outside the slice."""
    weight, weighted_loss = dev.weight[inside].sum(), (dev.weight[inside] * dev.loss[inside]).sum()
    return max(
        0.0,
        float((dev.group_weighted_loss.sum() - weighted_loss) / (dev.group_weight.sum() - weight)),
    )


def recoverable_error(
    dev: EncodedDev, inside: np.ndarray, confidence: float
) -> tuple[float, float, float]:
    """Return |slice| / n times (its mean - the others' mean), with its interval."""
    if dev.plain:
        n = np.array([inside.sum(), (~inside).sum()], dtype=np.float64)
        n_wrong = float(dev.loss[inside].sum())
        means = np.array([n_wrong, dev.loss.sum() - n_wrong]) / n
        standard_error = sqrt(float((means * (1 - means) / n).sum()))
        share, n_effective = float(n[0] / n.sum()), float(n.min())
    else:
        weight, weighted_loss = _sides(dev, inside)
        means = weighted_loss.sum(axis=1) / weight.sum(axis=1)
        standard_error = _standard_error(dev, _influence(weight, weighted_loss, means))
        share = float(weight[0].sum() / weight.sum())
        n_effective = min(_n_effective(weight[0]), _n_effective(weight[1]))
    half = standard_error * t_quantile(confidence, n_effective - 1)
    difference = float(means[0] - means[1])
    return share * difference, share * (difference - half), share * (difference + half)


def slice_p_value(dev: EncodedDev, inside: np.ndarray) -> float:
    """Return the one-sided p-value of a slice error that exceeds the others'.

    Losses of 0 and 1 on independent rows: Fisher's exact test.  Otherwise a score test by group:
    the standard error is that under the null hypothesis, and the degrees of freedom of Student's t
    are the effective number of groups of the smaller side less one.  Skewed losses make the test
    conservative.
    """
    n = int(inside.sum())
    if n in (0, len(inside)):
        return 1.0
    if dev.plain:
        return _fisher(int(dev.loss[inside].sum()), n, int(dev.loss.sum()), len(inside))
    weight, weighted_loss = _sides(dev, inside)
    means = weighted_loss.sum(axis=1) / weight.sum(axis=1)
    null_means = np.full(2, weighted_loss.sum() / weight.sum())
    standard_error = _standard_error(dev, _influence(weight, weighted_loss, null_means))
    dof = min(_n_effective(weight[0]), _n_effective(weight[1])) - 1
    if dof < 1 or standard_error == 0:  # one group has no information on others
        return 1.0
    t = float(means[0] - means[1]) / standard_error
    return float(stdtr(dof, -t))


def _by_group(dev: EncodedDev, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights and weighted losses of the rows inside, by group."""
    weight, loss = dev.weight[inside], dev.loss[inside]
    if not dev.grouped:
        return weight, weight * loss
    groups = dev.groups[inside]
    size = len(dev.group_weight)
    return np.bincount(groups, weight, size), np.bincount(groups, weight * loss, size)


def _sides(dev: EncodedDev, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (side, group) weights and weighted losses: the slice, then all others."""
    if not dev.grouped:
        weight = np.stack([np.where(inside, dev.weight, 0.0), np.where(inside, 0.0, dev.weight)])
        return weight, weight * dev.loss
    weight, weighted_loss = _by_group(dev, inside)
    outside = (
        np.maximum(dev.group_weight - weight, 0.0),
        np.maximum(dev.group_weighted_loss - weighted_loss, 0.0),
    )
    return np.stack([weight, outside[0]]), np.stack([weighted_loss, outside[1]])


def _influence(weight: np.ndarray, weighted_loss: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return each group's influence on the difference between the sides."""
    centered = (weighted_loss - means[:, None] * weight) / weight.sum(axis=1, keepdims=True)
    return centered[0] - centered[1]


def _standard_error(dev: EncodedDev, influence: np.ndarray) -> float:
    """Return the standard error of a sum of influences, one a group."""
    n = int(np.count_nonzero(dev.group_weight))
    return sqrt(float(influence @ influence) * n / max(1, n - 1))


def _n_effective(weight: np.ndarray) -> float:
    """Return the effective number of groups."""
    return float(weight.sum() ** 2 / (weight @ weight))


def t_quantile(confidence: float, dof: int | float) -> float:
    """Return the quantile of Student's t for a two-sided interval."""
    return float(stdtrit(max(1.0, dof), 0.5 + confidence / 2))


def _fisher(k: int, n: int, n_wrong: int, total: int) -> float:
    """Return the probability of k or more errors in n of `total` rows, `n_wrong` of them errors."""
    if k <= max(0, n + n_wrong - total):
        return 1.0

    def choose(a: int, b: int) -> float:
        return lgamma(a + 1) - lgamma(b + 1) - lgamma(a - b + 1)

    first = choose(n_wrong, k) + choose(total - n_wrong, n - k) - choose(total, n)
    j = np.arange(k, min(n, n_wrong), dtype=np.float64)
    steps = np.log((n_wrong - j) * (n - j)) - np.log((j + 1) * (total - n_wrong - n + j + 1))
    terms = first + np.concatenate([[0.0], np.cumsum(steps)])
    top = float(terms.max())
    return float(min(1.0, exp(top) * np.exp(terms - top).sum()))
