"""Deal rows to the four splits: groups stay whole, and nothing placed ever moves when data grows.

A group goes where the salted hash of its name points, whatever else is in the file.  The
course splits by chance; a hash does so too, and need not remember.
Source: Ng, DLS C3 W1 and W2 (train-dev set); Ng (2018), Machine Learning Yearning, chapters 5-7.
"""

import hashlib
from collections.abc import Mapping

import numpy as np

from foursplit.config.schema import SplitRule
from foursplit.core.dataset_spec import Role
from foursplit.core.errors import FoursplitError
from foursplit.core.splits import SPLITS

# Judged splits first: a share that changes moves the border with train, and no example leaves
# test for dev.
SPLIT_ORDER = ("test", "dev", "train_dev", "train")


def hash_position(salt: int, domain: str, group: str) -> float:
    """Give the place in [0, 1) that belongs to a group, the same on every machine."""
    digest = hashlib.sha256(f"{salt}|{domain}|{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def assign(
    groups: np.ndarray, domains: np.ndarray, roles: Mapping[str, Role], rule: SplitRule
) -> np.ndarray:
    """Name the split of every row, from its domain's shares and its group's hash."""
    _check_roles(roles, rule)
    shares = {"source": rule.source, "target": rule.target}
    place = {
        (domain, group): _pick(hash_position(rule.salt, domain, group), shares[roles[domain]])
        for domain, group in sorted(set(zip(domains.tolist(), groups.tolist(), strict=True)))
    }
    dealt = [place[pair] for pair in zip(domains.tolist(), groups.tolist(), strict=True)]
    return np.array(dealt, dtype=object)


def apply_official_split(dealt: np.ndarray, published: np.ndarray) -> np.ndarray:
    """Keep the publisher's dev and test; what was published for training stays as it was dealt."""
    return np.where(published == "train", dealt, published)


def _pick(at: float, shares: Mapping[str, float]) -> str:
    edge = 0.0
    for split in SPLIT_ORDER:
        edge += shares.get(split, 0.0)
        if at < edge:
            return split
    return next(split for split in reversed(SPLIT_ORDER) if shares.get(split, 0.0) > 0)


def _check_roles(roles: Mapping[str, Role], rule: SplitRule) -> None:
    shifted = "target" in roles.values()
    if shifted and not rule.target:
        raise FoursplitError(
            f"split.target is missing: domains {dict(roles)} have a target, whose shares must be "
            "given, e.g. {dev: 0.5, test: 0.5}."
        )
    if rule.target and not shifted:
        raise FoursplitError(f"split.target is given, but no domain of {dict(roles)} is a target.")


def require_non_empty(splits: np.ndarray, why: str = "") -> None:
    """Refuse a split without rows, with `why` there may be few groups: no error can be taken."""
    counts = {split: int((splits == split).sum()) for split in SPLITS}
    empty = [split for split, count in counts.items() if count == 0]
    if empty:
        raise FoursplitError(
            f"split {', '.join(empty)} is empty ({counts}): give it a larger share under "
            "sources.<name>.split in params.yaml, or bring more groups."
            + (f" For {why}." if why else "")
        )
