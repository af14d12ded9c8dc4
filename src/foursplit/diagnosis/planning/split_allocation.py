"""Allocation of data to splits: dev and test from the target only, train gets the rest.

Source: Ng, DLS C3 W1-W2 (train, dev and test distributions); Ng (2018), Machine Learning Yearning,
chapters 5-7, 32 and 36.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from foursplit.core.errors import FoursplitError


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitAllocation:
    """The number of examples of each split, and dev's domains if all data were shuffled."""

    train: int
    train_target: int  # of those, from the target's distribution
    dev: int
    test: int
    shuffled_dev: Mapping[str, int]  # dev by domain, if all data were shuffled

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "shuffled_dev": dict(self.shuffled_dev)}


def allocate_splits(n_target: int, n_source: int, n_dev: int, n_test: int) -> SplitAllocation:
    """Allocate target examples to dev and test, and all others to train.

    Data from other sources is used for training, never for evaluation.
    """
    if min(n_target, n_dev, n_test) < 1 or n_source < 0:
        raise FoursplitError(
            f"{n_target} target and {n_source} source examples, dev {n_dev}, test {n_test}: "
            "dev and test need target examples"
        )
    n_left = n_target - n_dev - n_test
    if n_left < 0:
        raise FoursplitError(
            f"dev {n_dev} and test {n_test} need {n_dev + n_test} target examples; there are "
            f"{n_target}"
        )
    counts = {"source": n_source, "target": n_target}
    return SplitAllocation(
        train=n_source + n_left,
        train_target=n_left,
        dev=n_dev,
        test=n_test,
        shuffled_dev=allocate_proportionally(n_dev, counts),
    )


def allocate_proportionally(n: int, counts: Mapping[str, int]) -> dict[str, int]:
    """Return n split in proportion to `counts`, as integers that add up to n.

    The largest remainders are rounded up, so small samples keep a skewed set's shares.
    """
    total = sum(counts.values())
    if not 0 <= n <= total or min(counts.values(), default=0) < 0:
        raise FoursplitError(f"{n} of {dict(counts)}: there are {total} in all")
    floors = {name: n * count // total if total else 0 for name, count in counts.items()}
    remainders = {name: n * count % total if total else 0 for name, count in counts.items()}
    n_missing = n - sum(floors.values())
    rounded_up = sorted(remainders, key=lambda name: (-remainders[name], name))[:n_missing]
    return {name: floor + (name in rounded_up) for name, floor in floors.items()}
