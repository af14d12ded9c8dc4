"""The best split of a node: every threshold of every feature is judged in one pass over sums.

Within a feature's order, what lies left of a threshold is a running sum, so that no candidate is
counted anew.
"""

from dataclasses import dataclass

import numpy as np

from foursplit.scratch.impurity import Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`x[feature] <= threshold` goes left: the first `n_left` examples in that feature's order."""

    feature: int
    threshold: float
    n_left: int
    gain: float  # impurity removed, averaged over the node's examples: bits for entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What a tree is grown for, in the form in which sums over it are cheap."""

    y: np.ndarray  # (example,): class numbers from 0, or quantities
    n_classes: int  # 0 for quantities
    table: np.ndarray  # of counts c from 0 on: c log2 c for entropy, c * c for Gini


def prepare(y: np.ndarray, criterion: Criterion, n_classes: int) -> Targets:
    """Check targets and tabulate what their counts are worth."""
    n = len(y)
    if criterion == "squared_error":
        return Targets(y=np.asarray(y, dtype=np.float64), n_classes=0, table=np.zeros(0))
    numbers = np.asarray(y).astype(np.int64)
    if (numbers != y).any() or numbers.min() < 0 or numbers.max() >= n_classes:
        raise ValueError(f"y: class numbers must be whole, from 0 to below n_classes={n_classes}")
    counts = np.arange(n + 1, dtype=np.float64)
    if criterion == "entropy":
        table = counts * np.log2(counts, out=np.zeros(n + 1), where=counts > 0)
    else:
        table = counts * counts
    return Targets(y=numbers, n_classes=n_classes, table=table)


def best_split(
    x: np.ndarray, targets: Targets, order: np.ndarray, criterion: Criterion, min_leaf: int
) -> Split | None:
    """Give the split that gains most; of equals the first feature's lowest threshold.

    `x` is (feature, example) of all examples, `order` (feature, example of the node) names the
    node's in each feature's order.  None where nothing parts them: all alike, or parts too small.
    """
    n = order.shape[1]
    values = np.take_along_axis(x, order, axis=1)
    if n < 2 * min_leaf:
        return None
    cuts = slice(min_leaf - 1, n - min_leaf)  # cut i parts the first i + 1 from the rest
    apart = values[:, 1:][:, cuts] > values[:, :-1][:, cuts]
    if not apart.any():
        return None
    gains = np.where(apart, _gains(targets, order, criterion, cuts), -np.inf)
    feature, cut = divmod(int(gains.argmax()), gains.shape[1])
    n_left = cut + min_leaf
    return Split(
        feature=feature,
        threshold=_between(values[feature, n_left - 1], values[feature, n_left]),
        n_left=n_left,
        gain=max(0.0, float(gains[feature, cut])),  # a gain is never negative but by rounding
    )


def _gains(targets: Targets, order: np.ndarray, criterion: Criterion, cuts: slice) -> np.ndarray:
    """Give the (feature, cut) gains of a node."""
    n = order.shape[1]
    left = np.arange(1, n)[cuts]  # examples left of each cut
    y = targets.y[order]
    if criterion == "squared_error":
        y = y - y[0].mean()  # the square of a mean far from 0 would swallow the rest
        sums = np.cumsum(y, axis=1)[:, :-1][:, cuts]
        # Left and right sums are opposite, for the whole sum is 0.
        gains: np.ndarray = sums**2 * (1 / left + 1 / (n - left)) / n
        return gains
    table, of_left, of_right = targets.table, 0.0, 0.0
    whole = np.bincount(y[0], minlength=targets.n_classes)
    rest = np.broadcast_to(left, (len(order), len(left)))  # the last class: what others leave
    for number, total in enumerate(whole):
        if number < targets.n_classes - 1:
            counts = np.cumsum(y == number, axis=1)[:, :-1][:, cuts]
            rest = rest - counts
        else:
            counts = rest
        of_left, of_right = of_left + table[counts], of_right + table[total - counts]
    parent = table[whole].sum()
    if criterion == "gini":
        return (of_left / left + of_right / (n - left) - parent / n) / n
    return (of_left - table[left] + of_right - table[n - left] - parent + table[n]) / n


def _between(low: float, high: float) -> float:
    """Halve the way; where no number lies between two neighbours, the lower one parts them."""
    middle = low + (high - low) / 2
    return float(middle if middle < high else low)
