"""Slices of dev where the model is worse: found on one part of it, confirmed on another.

Whatever is sought long enough is found: a slice counts once examples that were not searched
confirm it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.error_analysis.eyeball import SALT, group_hashes, share_for
from foursplit.diagnosis.prediction_table import META, Table
from foursplit.diagnosis.slices import significance
from foursplit.diagnosis.slices.encoding import Dev, Key, encode
from foursplit.diagnosis.slices.search import search
from foursplit.diagnosis.slices.significance import Side
from foursplit.diagnosis.stats.multiple_testing import benjamini_hochberg

FALSE = 0.10  # expected share of false ones among the confirmed
# 100 errors are enough to read and too few to search: a slice of 5 % would hold a handful.  The
# Eyeball is widened, in the order of its hashes, so that it lies inside the part searched.
SEARCHED_ERRORS, LEAST_ERRORS = 1000, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Examples that share up to three values, as they looked when found and when judged."""

    where: dict[str, str]
    found: Side  # flattered: it was chosen for being bad here
    judged: Side | None  # None: no such example, or no other, in the part that judges
    rest: float | None  # error of all others there
    recoverable: float | None  # dev error that would go if the slice were like the rest
    recoverable_lo: float | None
    recoverable_hi: float | None
    p: float
    q: float
    confirmed: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "where": self.where,
            "eyeball": self.found.as_json(),
            "blackbox": self.judged.as_json() if self.judged else None,
            "rest": self.rest,
            "recoverable": self.recoverable,
            "recoverable_lo": self.recoverable_lo,
            "recoverable_hi": self.recoverable_hi,
            "p": self.p,
            "q": self.q,
            "confirmed": self.confirmed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceReport:
    """The slices, confirmed ones first, then by what they would give back."""

    slices: tuple[Slice, ...] = ()
    method: str = ""
    n_searched: int = 0
    n_judged: int = 0
    complete: bool = True  # False: some narrower slices were not looked at, to save time
    not_applicable: str = ""

    @property
    def confirmed(self) -> tuple[Slice, ...]:
        return tuple(s for s in self.slices if s.confirmed)

    def as_json(self) -> dict[str, Any]:
        return {
            "slices": [s.as_json() for s in self.slices],
            "n_confirmed": len(self.confirmed),
            "method": self.method,
            "n_searched": self.n_searched,
            "n_judged": self.n_judged,
            "complete": self.complete,
            "not_applicable": self.not_applicable or None,
        }


def find(
    table: Table,
    rng: np.random.Generator,
    *,
    searched: np.ndarray | None = None,
    confidence: float = 0.95,
    false: float = FALSE,
) -> SliceReport:
    """Search a part of dev (a mask; by default some 1,000 errors) and judge by the others.

    Where that part would hold under 100 errors, dev is halved by `rng` and each half judges what
    the other has found.  No group is on both sides.
    """
    if not table.searched:
        return SliceReport(not_applicable=f"No column begins with {META!r}: nothing to slice by.")
    if not table.loss.any():
        return SliceReport(not_applicable="There is no error to slice.")
    if searched is not None:
        _refuse_parted_groups(table, searched)
    dev = encode(table)
    searched = _part(table) if searched is None else searched
    halved = searched is None
    if searched is None:
        salt = f"halves {rng.integers(1 << 62)}"
        searched = (group_hashes(table, salt) <= 0.5)[table.groups]
    if searched.all() or not searched.any():
        return SliceReport(not_applicable="The groups are too large to part.")
    folds = [(searched, ~searched), (~searched, searched)] if halved else [(searched, ~searched)]
    found, complete = _folds(dev, folds, confidence, false)
    how = "halves that judge each other" if halved else "one part searched, the other judges"
    return SliceReport(
        slices=tuple(sorted(found, key=_rank)),
        method=f"{how}; Benjamini-Hochberg, q at most {false:g}",
        n_searched=int(searched.sum()),
        n_judged=int((~searched).sum()),
        complete=complete,
    )


def describe(where: Mapping[str, str]) -> str:
    """Write a slice's conditions in one line."""
    return " and ".join(f"{name} = {value}" for name, value in where.items())


def _rank(found: Slice) -> tuple[bool, float, str]:
    gain = -np.inf if found.recoverable is None else found.recoverable
    return not found.confirmed, -round(float(gain), 12), str(found.where)


def _refuse_parted_groups(table: Table, searched: np.ndarray) -> None:
    held = np.bincount(table.groups, weights=searched) / np.bincount(table.groups)
    torn = np.flatnonzero((held > 0) & (held < 1))
    if len(torn):
        row = int(np.flatnonzero(table.groups == torn[0])[0])
        name = table.frame["group_id"].iloc[row]
        raise FoursplitError(
            f"{table.path or table.split}: group {name!r} is partly in the part searched "
            f"({len(torn):,} such groups): what judges must be independent of what was searched"
        )


def _part(table: Table) -> np.ndarray | None:
    """Choose the rows to search, if dev is large enough to be parted."""
    if not table.is_error.any():
        return None
    hashes = group_hashes(table, SALT)
    read = (hashes <= share_for(table, hashes, SEARCHED_ERRORS))[table.groups]
    return read if int(table.is_error[read].sum()) >= LEAST_ERRORS else None


def _folds(
    dev: Dev, folds: Sequence[tuple[np.ndarray, np.ndarray]], confidence: float, false: float
) -> tuple[list[Slice], bool]:
    """Search and judge in each fold, and join what both found.

    Each fold's q is multiplied by the number of folds.  Falsely confirmed among all confirmed is
    then at most the sum of the folds' own shares, each held to its part of `false`, whatever the
    dependence between the folds.  A slice that both halves found is estimated on both.
    """
    made: dict[Key, tuple[float, float, Side, Dev]] = {}
    complete = True
    for searched, judges in folds:
        part, judge = dev.take(searched), dev.take(judges)
        keys, all_seen = search(part)
        complete = complete and all_seen
        tests = [significance.p_value(judge, judge.inside(key)) for key in keys]
        for key, p, q in zip(keys, tests, benjamini_hochberg(tests).tolist(), strict=True):
            p, q = min(1.0, p * len(folds)), min(1.0, q * len(folds))
            if key in made:
                made[key] = min(p, made[key][0]), min(q, made[key][1]), made[key][2], dev
            else:
                made[key] = p, q, significance.side(part, part.inside(key), confidence), judge
    return [
        _tell(key, judge, found, (p, q), confidence, false)
        for key, (p, q, found, judge) in made.items()
    ], complete


def _tell(
    key: Key, judge: Dev, found: Side, tested: tuple[float, float], confidence: float, false: float
) -> Slice:
    inside = judge.inside(key)
    p, q = tested
    known = bool(inside.any() and not inside.all())
    gain = significance.recoverable(judge, inside, confidence) if known else (None, None, None)
    return Slice(
        where=judge.where(key),
        found=found,
        judged=significance.side(judge, inside, confidence) if known else None,
        rest=significance.rest(judge, inside) if known else None,
        recoverable=gain[0],
        recoverable_lo=gain[1],
        recoverable_hi=gain[2],
        p=p,
        q=q,
        confirmed=q <= false,
    )
