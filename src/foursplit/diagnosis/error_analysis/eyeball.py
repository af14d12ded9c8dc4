"""Split dev in two: the Eyeball set, which is read, and the Blackbox set, which only evaluates.

Source: Ng (2018), Machine Learning Yearning, chapters 17-18.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import derive_seed
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.bootstrap import estimate, percentile_interval

READ_ERRORS = 100  # a very good sense of where the errors come from; the book's figure
LEAST_ERRORS = 50  # below which a split leaves too few to read
MOST = 0.30  # of dev, so that enough is left to judge by
SALT = "eyeball"


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeballSplit:
    """Dev split in two, or all of it to read where errors are few.

    `share` is the hash, from 0 to 1, up to which a group is read.  Kept and given back to
    :func:`part`, it leaves every example where it was when dev grows.
    """

    eyeball: PredictionTable
    blackbox: PredictionTable | None
    note: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """How much worse the model is on what nobody has read; None where all of dev is read."""

    value: float | None
    lo: float | None
    hi: float | None
    material: bool
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "code": "ST020",
            "value": self.value,
            "lo": self.lo,
            "hi": self.hi,
            "material": self.material,
            "reason": self.reason,
        }


def split_dev(
    table: PredictionTable,
    *,
    salt: str = SALT,
    n_errors: int = READ_ERRORS,
    share: float | None = None,
) -> EyeballSplit:
    """Split `table` by group, so that about `n_errors` are read and at most 30 % of dev.

    With the `share` of an earlier split nothing is sized: new examples fall on either side and
    old ones stay.
    """
    if share is not None and not 0 < share <= 1:
        raise FoursplitError(f"share {share:g} of the eyeball: must be above 0 and at most 1")
    found = int(table.is_error.sum())
    if share is None and found < LEAST_ERRORS:
        return _all(table, f"Dev has {found:,} errors, fewer than {LEAST_ERRORS}")
    hashes = group_hashes(table, salt)
    if share is None:
        share = share_for(table, hashes, n_errors)
    read = hashes[table.groups] <= share
    if not read.any() or read.all():
        return _all(table, "The groups are too large to split")
    eyeball, blackbox = table.take(read), table.take(~read)
    return EyeballSplit(
        eyeball=eyeball, blackbox=blackbox, note=_note(eyeball, n_errors), share=share
    )


def group_hashes(table: PredictionTable, salt: str) -> np.ndarray:
    """Return each group, in the order of `table.groups`, a number from 0 to 1 that is its own."""
    names = table.frame["group_id" if table.has("group_id") else "example_id"].to_numpy(object)
    # `groups` numbers them in the order in which they first stand.
    unique = names if not table.has("group_id") else pd.unique(names)
    key = f"{derive_seed(salt):016x}"[-16:]  # SipHash: keyed, and quick enough for 10 million names
    hashed = pd.util.hash_array(unique, hash_key=key, categorize=False)
    return (hashed >> np.uint64(11)).astype(np.float64) / 2**53  # 53 bits: exact as a float


def share_for(table: PredictionTable, hashes: np.ndarray, n_errors: int) -> float:
    """Find the hash up to which groups hold some `n_errors` errors, but at most 30 % of dev."""
    wanted = -(-n_errors * len(table) // int(table.is_error.sum()))  # ceil(n_errors / error), exact
    order = np.argsort(hashes, kind="stable")
    held = np.cumsum(np.bincount(table.groups, minlength=len(hashes))[order])
    most = np.searchsorted(held, int(MOST * len(table)), side="right") - 1
    last = min(np.searchsorted(held, wanted), most)
    return float(hashes[order[last]]) if last >= 0 else 0.0


def _all(table: PredictionTable, why: str) -> EyeballSplit:
    note = f"{why}: all of it may be read, and nothing is left for evaluation."
    return EyeballSplit(eyeball=table, blackbox=None, note=note, share=1.0)


def _note(eyeball: PredictionTable, n_errors: int) -> str:
    found = int(eyeball.is_error.sum())
    text = f"{len(eyeball):,} examples with {found:,} errors may be read."
    if found < n_errors / 2:
        text += f" That is fewer than {n_errors:,}: get a larger dev set, or read on with care."
    return text


def measure_staleness(
    split: EyeballSplit,
    rng: np.random.Generator,
    *,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    rule: VerdictThresholds | None = None,
) -> Staleness:
    """Compare both sets: the Eyeball set is stale once its error is much lower."""
    if split.blackbox is None:
        return Staleness(value=None, lo=None, hi=None, material=False, reason=split.note)
    looked, judged = (
        estimate(t.loss, t.weight, t.groups, rng, n_resamples=n_resamples, confidence=confidence)
        for t in (split.eyeball, split.blackbox)
    )
    value = judged.value - looked.value
    # The parts share no group, so they are independent and their draws may be paired in any order.
    lo, hi = percentile_interval(judged.replicates - looked.replicates, confidence)
    lo, hi = min(lo, value), max(hi, value)
    limit = (rule or VerdictThresholds()).threshold(judged.value)
    return Staleness(value=value, lo=lo, hi=hi, material=bool(value > limit and lo > 0))
