"""Which gaps and sums of gaps are significant as a family: with no gap, 5 % name one at most.

Each hypothesis has its share of the error probability, whether or not the others can be tested: so
another split or a human level never takes a significant gap away.  A rejected hypothesis passes its
share on.  Variance and mismatch are the parts of train to dev: once that is rejected, each is
tested at its level (closed testing of two), and until then by a small share of its own, for two
gaps that cancel.

Source: Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure, section 4 (weights);
Marcus, Peritz and Gabriel (1976), On Closed Testing Procedures.
"""

from collections.abc import Iterable, Mapping
from statistics import NormalDist

import numpy as np

from foursplit.diagnosis.decomposition.ledger import MERGED, Gap

SHARES: Mapping[str, float] = {
    "avoidable_bias": 0.25,
    MERGED: 0.40,  # train to dev
    "dev_overfit": 0.20,
    "avoidable_bias_or_variance": 0.04,
    "avoidable_bias_or_variance_or_mismatch": 0.04,
    "variance": 0.035,
    "mismatch": 0.035,
}
"""The share of the error probability of each hypothesis; together 1."""

PARTS = ("variance", "mismatch")
"""The gaps that train to dev is the sum of."""


def tail(gap: Gap) -> float:
    """Return the share of a gap's draws that are not above 0; 0 or 1 without draws.

    A share of a few draws is coarse: the tail of a normal of their mean and spread is taken if it
    is smaller.
    """
    draws = gap.replicates
    if draws is None:
        return float(gap.value <= 0)
    share, spread = float(np.mean(draws <= 0)), float(draws.std())
    if spread == 0 or share == 0:
        return share
    return min(share, 1 - NormalDist().cdf(float(draws.mean()) / spread))


def significant_names(gaps: Iterable[Gap], alpha: float) -> set[str]:
    """Return the names of the gaps and sums that are above 0, at family-wise error `alpha`.

    Without a gap of mismatch, variance is the whole of train to dev, and has its share.
    """
    tails = {gap.gap: tail(gap) for gap in gaps}
    shares = dict(SHARES)
    if "variance" in tails and "mismatch" not in tails:
        shares["variance"] = shares[MERGED]
    has_parts = "mismatch" in tails
    first = {name for name in tails if not (has_parts and name in PARTS)}
    found: set[str] = set()
    kept = 1.0  # the share that no rejected hypothesis has passed on
    whole = 0.0  # the level at which train to dev was rejected
    while True:
        new = {n for n in first - found if tails[n] <= alpha * shares[n] / kept}
        if not new:
            break
        if MERGED in new:
            whole = alpha * shares[MERGED] / kept
        found |= new
        # Train to dev passes nothing on: its parts use its level.
        kept = 1.0 - sum(shares[name] for name in found if name != MERGED)
    if has_parts:
        own = {n: alpha * shares[n] for n in PARTS if n in tails}
        found |= {name for name, level in own.items() if tails[name] <= max(level, whole)}
    return found
