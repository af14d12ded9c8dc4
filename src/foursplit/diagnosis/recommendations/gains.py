"""The most that a step can take off the dev error.

Closing a gap gives at most the gap, and never more than dev's own error allows: train or train-dev
may be worse than dev, by chance or because dev is easier.
"""

from collections.abc import Mapping, Sequence

from foursplit.diagnosis.decomposition.ledger import Gap
from foursplit.diagnosis.stats.bootstrap import Estimate

AFTER_DEV = "dev_overfit"
"""The gap that is no part of the dev error."""


def largest_gain(errors: Mapping[str, Estimate]) -> float:
    """Return dev error minus the least possible error, at least 0; without a dev set, 1.

    The least possible error is the human level; 0 where none is known, or where dev is
    significantly better than it.
    """
    if "dev" not in errors:
        return 1.0
    dev, human = errors["dev"], errors.get("human")
    least = 0.0 if human is None or dev.hi < human.lo else human.value
    return max(0.0, dev.value - least)


def gap_gains(errors: Mapping[str, Estimate], gaps: Sequence[Gap]) -> dict[str, float | None]:
    """Return the most that closing each gap takes off the dev error.

    That is the gap, but no more than `largest_gain` nor than the sum of all gaps up to dev.
    Overfitting to dev lies beyond dev: its gain is None.
    """
    up_to_dev = [gap for gap in gaps if gap.gap != AFTER_DEV]
    most = min(largest_gain(errors), max(0.0, sum(gap.value for gap in up_to_dev)))
    gains: dict[str, float | None] = {gap.gap: None for gap in gaps}
    return gains | {gap.gap: min(gap.value, most) for gap in up_to_dev}
