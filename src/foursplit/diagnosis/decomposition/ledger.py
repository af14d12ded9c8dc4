"""Where the error comes from: signed gaps from human level to test that add up exactly.

Source: Ng, DLS C3 W1 (avoidable bias, variance) and W2 (train-dev set, data mismatch); Ng (2018),
Machine Learning Yearning, chapters 20-23 and 40-42.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from foursplit.diagnosis.stats.bootstrap import Estimate, percentile_interval

LINKS = {
    "avoidable_bias": ("human", "train"),
    "variance": ("train", "train_dev"),
    "mismatch": ("train_dev", "dev"),
    "dev_overfit": ("dev", "test"),
}
"""Each gap is the error of the second less the error of the first."""

MERGED = "variance_or_mismatch"
"""What train to dev is called where there is no train-dev set and the two may differ."""

UNSEEN = "unseen"
"""The level of train-dev and dev together, where both have the distribution of train."""


SLACK = 1e-9  # a gap that equals the threshold in decimal must not exceed it in binary


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A difference of two errors; the interval is missing where the sizes are not known."""

    gap: str
    value: float
    lo: float | None
    hi: float | None
    replicates: np.ndarray | None

    def interval(self) -> dict[str, float | None]:
        """Return value and interval as the files hold them."""
        return {"value": self.value, "lo": self.lo, "hi": self.hi}


def fixed(value: float) -> Estimate:
    """Take a bare number, such as a published human level, as known exactly."""
    return Estimate(value=value, lo=value, hi=value, n=0, n_groups=0, replicates=np.array([value]))


def ends(gap: str, errors: Collection[str]) -> tuple[str, str]:
    """Return the two levels that a gap lies between."""
    low, high = LINKS.get(gap, ("train", "dev"))
    if gap == "variance" and UNSEEN in errors:
        return low, UNSEEN
    return low, high if high in errors else "dev"  # without train-dev, variance ends at dev


def dev_level(errors: Mapping[str, Estimate]) -> Estimate | None:
    """Return the best estimate of the error on dev's distribution; None without dev."""
    return errors.get(UNSEEN) or errors.get("dev")


def gaps(
    errors: Mapping[str, Estimate], confidence: float, *, same_distribution: bool = False
) -> list[Gap]:
    """Return every gap whose two ends were measured, in the order of the ladder.

    Without train-dev, train to dev is one gap: variance where the two are known to come from one
    distribution, and otherwise not distinguishable from mismatch.  With the level `UNSEEN`,
    train-dev and dev are of one distribution: variance ends there, and there is no mismatch.
    """
    results = [
        between(name, errors[low], errors[high], confidence)
        for name, (low, high) in links(errors).items()
        if low in errors and high in errors
    ]
    if "train_dev" not in errors and "train" in errors and "dev" in errors:
        name = "variance" if same_distribution else MERGED
        position = sum(gap.gap == "avoidable_bias" for gap in results)
        results.insert(position, between(name, errors["train"], errors["dev"], confidence))
    return results


def links(errors: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the gaps between neighbouring levels; with `UNSEEN` variance ends there."""
    if UNSEEN not in errors:
        return LINKS
    pooled = LINKS | {"variance": ("train", UNSEEN)}
    return {name: pair for name, pair in pooled.items() if name != "mismatch"}


def between(name: str, low: Estimate, high: Estimate, confidence: float) -> Gap:
    """Return the gap from one error to another, with its interval."""
    value = high.value - low.value
    sampled = [end for end in (low, high) if end.n]
    if not sampled:
        return Gap(gap=name, value=value, lo=None, hi=None, replicates=None)
    # The splits are independent samples, so their draws may be paired in any order.
    draws = high.replicates - low.replicates
    lo, hi = percentile_interval(draws, confidence)
    return Gap(gap=name, value=value, lo=min(lo, value), hi=max(hi, value), replicates=draws)
