"""Which data go to which split: dev and test are of the target alone, train takes what is left.

Source: Ng, DLS C3 W1-W2 (train, dev and test distributions); Ng (2018), Machine Learning Yearning,
chapters 5-7, 32 and 36.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from foursplit.core.errors import FoursplitError


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """How many examples each split gets, and what shuffling all together would make of dev."""

    train: int
    train_target: int  # of those, how many are of the target's distribution
    dev: int
    test: int
    shuffled_dev: Mapping[str, int]  # dev by where it is from, if all were shuffled together

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "shuffled_dev": dict(self.shuffled_dev)}


def deal(n_target: int, n_source: int, n_dev: int, n_test: int) -> Deal:
    """Deal target examples to dev and test, and all others to train.

    Data from elsewhere may be learnt from, and never judged by.
    """
    if min(n_target, n_dev, n_test) < 1 or n_source < 0:
        raise FoursplitError(
            f"{n_target} target and {n_source} source examples, dev {n_dev}, test {n_test}: "
            "dev and test need examples of the target"
        )
    left = n_target - n_dev - n_test
    if left < 0:
        raise FoursplitError(
            f"dev {n_dev} and test {n_test} ask for {n_dev + n_test} target examples, of which "
            f"there are {n_target}"
        )
    counts = {"source": n_source, "target": n_target}
    return Deal(
        train=n_source + left,
        train_target=left,
        dev=n_dev,
        test=n_test,
        shuffled_dev=proportional(n_dev, counts),
    )


def proportional(n: int, counts: Mapping[str, int]) -> dict[str, int]:
    """Give each kind its share of n places, as whole numbers that sum to n.

    What is left of the fractions goes to the largest; so a small part keeps a skewed set's shares.
    """
    total = sum(counts.values())
    if not 0 <= n <= total or min(counts.values(), default=0) < 0:
        raise FoursplitError(f"{n} of {dict(counts)}: there are {total} in all")
    floors = {kind: n * count // total if total else 0 for kind, count in counts.items()}
    rest = {kind: n * count % total if total else 0 for kind, count in counts.items()}
    owed = n - sum(floors.values())
    first = sorted(rest, key=lambda kind: (-rest[kind], kind))[:owed]
    return {kind: floor + (kind in first) for kind, floor in floors.items()}
