"""Assign rows to the four splits by a salted hash of their group.

Groups stay whole, and no row changes its split when data is added.  The course splits at random; a
hash does the same without any stored state.
Source: Ng, DLS C3 W1 and W2 (train-dev set); Ng (2018), Machine Learning Yearning, chapters 5-7.
"""

import hashlib
from collections.abc import Mapping

import numpy as np

from foursplit.config.schema import SplitConfig
from foursplit.core.dataset_spec import Role
from foursplit.core.errors import FoursplitError
from foursplit.core.splits import SPLITS

# Evaluation splits first: a changed share moves the border with train, and no example moves from
# test to dev.
SPLIT_ORDER = ("test", "dev", "train_dev", "train")


def hash_position(salt: int, domain: str, group: str) -> float:
    """Return a group's position in [0, 1), the same on every machine."""
    digest = hashlib.sha256(f"{salt}|{domain}|{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def assign(
    groups: np.ndarray, domains: np.ndarray, roles: Mapping[str, Role], rule: SplitConfig
) -> np.ndarray:
    """Return the split of every row, from its domain's shares and its group's hash."""
    _check_roles(roles, rule)
    shares = {"source": rule.domains.source, "target": rule.domains.target}
    split_of = {
        (domain, group): _pick(hash_position(rule.seed, domain, group), shares[roles[domain]])
        for domain, group in sorted(set(zip(domains.tolist(), groups.tolist(), strict=True)))
    }
    splits = [split_of[pair] for pair in zip(domains.tolist(), groups.tolist(), strict=True)]
    return np.array(splits, dtype=object)


def apply_official_split(splits: np.ndarray, official: np.ndarray) -> np.ndarray:
    """Return the official dev and test, and `splits` for the rows of the official train."""
    return np.where(official == "train", splits, official)


def _pick(position: float, shares: Mapping[str, float]) -> str:
    edge = 0.0
    for split in SPLIT_ORDER:
        edge += shares.get(split, 0.0)
        if position < edge:
            return split
    return next(split for split in reversed(SPLIT_ORDER) if shares.get(split, 0.0) > 0)


def _check_roles(roles: Mapping[str, Role], rule: SplitConfig) -> None:
    shifted = "target" in roles.values()
    if shifted and not rule.domains.target:
        raise FoursplitError(
            f"split.target is missing, but domains {dict(roles)} contain a target. Set its shares, "
            "e.g. {dev: 0.5, test: 0.5}."
        )
    if rule.domains.target and not shifted:
        raise FoursplitError(f"split.target is set, but no domain of {dict(roles)} is a target.")


def require_non_empty(splits: np.ndarray, hint: str = "") -> None:
    """Raise if a split has no rows; `hint` says why there may be few groups."""
    counts = {split: int((splits == split).sum()) for split in SPLITS}
    empty = [split for split, count in counts.items() if count == 0]
    if empty:
        raise FoursplitError(
            f"split {', '.join(empty)} is empty ({counts}). Give it a larger share under "
            "datasets.<name>.split in params.yaml, or add groups."
            + (f" Note: {hint}." if hint else "")
        )
