"""What to try next: actions bound to the one gap they are meant to shrink.

Source: Ng, DLS C3 W1-W2 (orthogonalization; guidelines for each gap); Ng (2018), Machine Learning
Yearning, chapters 25, 27, 42.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.strategy.ledger import MERGED

ACTIONS: Mapping[str, tuple[str, str]] = {
    "avoidable_bias": (
        "a bigger model, or longer training",
        "train error falls; if it does not, revert and read 100 of its errors on train",
    ),
    "variance": (
        "more training data, or regularisation",
        "train-dev error falls while train error rises less; else revert",
    ),
    "mismatch": (
        "read 100 dev errors against train, and get or make data like them",
        "dev error falls while train-dev error stays; else revert",
    ),
    "dev_overfit": (
        "a larger or fresh dev set",
        "test less dev shrinks on the new dev set",
    ),
    MERGED: (
        "hold out a train-dev set, so that variance and mismatch can be told apart",
        "the gap splits in two",
    ),
    "human_or_desired": (
        "measure a human level, or state a desired error",
        "avoidable bias becomes known",
    ),
    "none": (
        "stop, or get a larger dev set: no gap stands out from the noise",
        "a gap stands out",
    ),
}
"""For each gap or missing number: what to do, and what shows that it helped (or when to stop)."""


def next_steps(
    primary: Sequence[str], insufficient: Sequence[str], gains: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Rank what to do: the gaps worth work, largest first, then what is not known.

    `gain` is the most that closing the gap can give, not a promise.
    """
    ordered = sorted((gap for gap in primary), key=lambda gap: -gains[gap])
    ordered += [what for what in insufficient if what not in ordered]
    ordered = ordered or ["none"]
    return [
        {
            "rank": rank,
            "action": ACTIONS[what][0],
            "link": what,
            "gain": gains.get(what) if what in primary else None,
            "stop_rule": ACTIONS[what][1],
        }
        for rank, what in enumerate(ordered, start=1)
    ]
