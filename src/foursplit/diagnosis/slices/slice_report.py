"""Slices of dev with a higher error: found on one part of dev, confirmed on another.

A search over many slices finds high errors by chance: a slice counts only if examples that were
not searched confirm it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.error_analysis.eyeball import SALT, group_hashes, share_for
from foursplit.diagnosis.prediction_table import META, PredictionTable
from foursplit.diagnosis.slices import significance
from foursplit.diagnosis.slices.encoding import EncodedDev, SliceKey, encode
from foursplit.diagnosis.slices.search import search_slices
from foursplit.diagnosis.slices.significance import SliceError
from foursplit.diagnosis.stats.multiple_testing import benjamini_hochberg

MAX_FALSE_DISCOVERIES = 0.10  # expected share of false discoveries among confirmed slices
# 100 errors are enough to read and too few to search: a slice of 5 % would hold a handful.  The
# Eyeball set is extended in the order of its hashes, so that it lies in the searched part.
SEARCHED_ERRORS, MIN_ERRORS = 1000, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Examples that share up to three values, with their error where found and where tested."""

    where: dict[str, str]
    found: SliceError  # biased upwards: the slice was selected for it
    judged: SliceError | None  # None: the tested part has no such example, or no other
    rest: float | None  # error of all other examples there
    recoverable: float | None  # dev error that would vanish at the rest's error
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
    """The slices, confirmed ones first, then by recoverable error."""

    slices: tuple[Slice, ...] = ()
    method: str = ""
    n_searched: int = 0
    n_judged: int = 0
    complete: bool = True  # False: some narrower slices were skipped to save time
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


def find_slices(
    table: PredictionTable,
    rng: np.random.Generator,
    *,
    searched: np.ndarray | None = None,
    confidence: float = 0.95,
    false: float = MAX_FALSE_DISCOVERIES,
) -> SliceReport:
    """Search one part of dev (a mask; by default about 1,000 errors) and test on the rest.

    If that part would hold fewer than 100 errors, `rng` halves dev, and each half tests what was
    found on the other.  No group is on both sides.
    """
    if not table.searched:
        return SliceReport(
            not_applicable=f"No column begins with {META!r}: there is nothing to slice by."
        )
    if not table.loss.any():
        return SliceReport(not_applicable="There is no error to slice.")
    if searched is not None:
        _check_groups(table, searched)
    dev = encode(table)
    searched = _searched_rows(table) if searched is None else searched
    halved = searched is None
    if searched is None:
        salt = f"halves {rng.integers(1 << 62)}"
        searched = (group_hashes(table, salt) <= 0.5)[table.groups]
    if searched.all() or not searched.any():
        return SliceReport(not_applicable="The groups are too large to split dev.")
    folds = [(searched, ~searched), (~searched, searched)] if halved else [(searched, ~searched)]
    slices, complete = _search_and_test(dev, folds, confidence, false)
    procedure = (
        "two halves that test each other" if halved else "one part searched, the other tests"
    )
    return SliceReport(
        slices=tuple(sorted(slices, key=_rank)),
        method=f"{procedure}; Benjamini-Hochberg, q at most {false:g}",
        n_searched=int(searched.sum()),
        n_judged=int((~searched).sum()),
        complete=complete,
    )


def describe_slice(where: Mapping[str, str]) -> str:
    """Return a slice's conditions in one line."""
    return " and ".join(f"{name} = {value}" for name, value in where.items())


def _rank(one: Slice) -> tuple[bool, float, str]:
    recoverable = -np.inf if one.recoverable is None else one.recoverable
    return not one.confirmed, -round(float(recoverable), 12), str(one.where)


def _check_groups(table: PredictionTable, searched: np.ndarray) -> None:
    searched_share = np.bincount(table.groups, weights=searched) / np.bincount(table.groups)
    split_groups = np.flatnonzero((searched_share > 0) & (searched_share < 1))
    if len(split_groups):
        row = int(np.flatnonzero(table.groups == split_groups[0])[0])
        name = table.frame["group_id"].iloc[row]
        raise FoursplitError(
            f"{table.path or table.split}: group {name!r} is on both sides of the search "
            f"({len(split_groups):,} such groups); keep each group on one side"
        )


def _searched_rows(table: PredictionTable) -> np.ndarray | None:
    """Return the rows to search, or None if dev has too few errors."""
    if not table.is_error.any():
        return None
    hashes = group_hashes(table, SALT)
    is_searched = (hashes <= share_for(table, hashes, SEARCHED_ERRORS))[table.groups]
    return is_searched if int(table.is_error[is_searched].sum()) >= MIN_ERRORS else None


def _search_and_test(
    dev: EncodedDev, folds: Sequence[tuple[np.ndarray, np.ndarray]], confidence: float, false: float
) -> tuple[list[Slice], bool]:
    """Search and test in each fold, and merge the results.

    Each fold's q is multiplied by the number of folds: the false discovery rate is then at most
    `false` under any dependence between the folds.  A slice found on both halves is estimated on
    all of dev.
    """
    by_key: dict[SliceKey, tuple[float, float, SliceError, EncodedDev]] = {}
    complete = True
    for searched, tested in folds:
        searched_dev, tested_dev = dev.take(searched), dev.take(tested)
        keys, is_complete = search_slices(searched_dev)
        complete = complete and is_complete
        tests = [significance.slice_p_value(tested_dev, tested_dev.inside(key)) for key in keys]
        for key, p, q in zip(keys, tests, benjamini_hochberg(tests).tolist(), strict=True):
            p, q = min(1.0, p * len(folds)), min(1.0, q * len(folds))
            if key in by_key:
                by_key[key] = min(p, by_key[key][0]), min(q, by_key[key][1]), by_key[key][2], dev
            else:
                by_key[key] = (
                    p,
                    q,
                    significance.slice_error(searched_dev, searched_dev.inside(key), confidence),
                    tested_dev,
                )
    return [
        _slice(key, tested_dev, found, (p, q), confidence, false)
        for key, (p, q, found, tested_dev) in by_key.items()
    ], complete


def _slice(
    key: SliceKey,
    tested_dev: EncodedDev,
    found: SliceError,
    p_and_q: tuple[float, float],
    confidence: float,
    false: float,
) -> Slice:
    inside = tested_dev.inside(key)
    p, q = p_and_q
    is_testable = bool(inside.any() and not inside.all())
    recoverable = (
        significance.recoverable_error(tested_dev, inside, confidence)
        if is_testable
        else (None, None, None)
    )
    return Slice(
        where=tested_dev.where(key),
        found=found,
        judged=significance.slice_error(tested_dev, inside, confidence) if is_testable else None,
        rest=significance.complement_error(tested_dev, inside) if is_testable else None,
        recoverable=recoverable[0],
        recoverable_lo=recoverable[1],
        recoverable_hi=recoverable[2],
        p=p,
        q=q,
        confirmed=q <= false,
    )
