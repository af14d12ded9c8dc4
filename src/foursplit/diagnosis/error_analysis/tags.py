"""What the tags on the errors that were read say: shares, ceilings, and how they overlap.

Source: Ng, DLS C3 W2 (carrying out error analysis); Ng (2018), Machine Learning Yearning, chapters
14-16.
"""

import heapq
from dataclasses import asdict, dataclass, replace
from math import exp, fsum, log, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from foursplit.diagnosis.prediction_table import PredictionTable, tags
from foursplit.diagnosis.stats.proportions import wilson_interval

SHOWN = 50  # tags in the file; those left out are counted
CROSSED = 10  # tags in the matrix of overlaps
FAMILY = ":"  # parts a tag's family from its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag's part in the error that was read; shares are of that error, 0-1."""

    tag: str
    count: int
    share: float
    lo: float
    hi: float
    ceiling: float  # dev error that would go if every example with the tag were right
    dev_after: float
    exclusive: float  # share of the error on examples with this tag alone
    shapley: float
    lift: float | None  # how many times as common among errors as among correct answers
    no_lift: str  # why there is no lift
    lift_lo: float | None = None  # None: no correct answer was read
    lift_hi: float | None = None

    @property
    def stands_out(self) -> bool | None:
        """Check whether errors bear the tag more often than correct answers, beyond chance."""
        return None if self.lift_lo is None else self.lift_lo > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TagReport:
    """The tags, most of the error first."""

    n_read: int  # errors read
    n_correct_read: int
    method: str
    tags: tuple[Tag, ...] = ()
    covered: float = 0.0  # share of the error with any tag; what the Shapley values sum to
    cover: tuple[tuple[str, float], ...] = ()  # tag by tag, the share covered so far
    overlap_tags: tuple[str, ...] = ()
    overlap: tuple[tuple[float, ...], ...] = ()  # share of the error with both tags
    not_applicable: str = ""

    @property
    def sum_of_shares(self) -> float:
        return fsum(tag.share for tag in self.tags)  # `sum` rounds otherwise from Python 3.12 on

    @property
    def note(self) -> str:
        """Describe what the shares sum to, and why that may exceed the whole."""
        if not self.tags:
            return self.not_applicable
        return (
            f"The shares sum to {self.sum_of_shares:.1%}, for an example may bear several tags; "
            f"the Shapley values sum to the {self.covered:.1%} that bear any."
        )

    def as_json(self, most: int = SHOWN) -> dict[str, Any]:
        """Return the report as the file has it, with the `most` largest tags."""
        return {
            "n_read": self.n_read,
            "n_correct_read": self.n_correct_read,
            "method": self.method,
            "tags": [asdict(tag) | {"stands_out": tag.stands_out} for tag in self.tags[:most]],
            "n_left_out": max(0, len(self.tags) - most),
            "covered": self.covered,
            "sum_of_shares": self.sum_of_shares,
            "cover": [{"tag": tag, "covered": share} for tag, share in self.cover[:most]],
            "overlap": {
                "tags": list(self.overlap_tags),
                "shares": [list(row) for row in self.overlap],
            },
            "note": self.note,
            "not_applicable": self.not_applicable or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    """Which of the rows bear which tags, as pairs, with the rows' parts of the error."""

    names: list[str]
    row: np.ndarray  # (pair,)
    tag: np.ndarray  # (pair,)
    part: np.ndarray  # (row,), sums to 1
    effective: float  # independent rows that the interval may count on

    def by_tag(self, values: np.ndarray) -> np.ndarray:
        """Sum (pair,) values over each tag."""
        return np.bincount(self.tag, weights=values, minlength=len(self.names))

    @property
    def n_tags(self) -> np.ndarray:
        """Count each row's tags."""
        return np.bincount(self.row, minlength=len(self.part))


def families(table: PredictionTable) -> list[str]:
    """Name the families of the tags that were given, where there are any."""
    given = {tag for value in table.frame["tags"] for tag in value} if table.has("tags") else set()
    return sorted({tag.partition(FAMILY)[0] for tag in given if FAMILY in tag})


def count_tags(
    table: PredictionTable, *, confidence: float = 0.95, family: str | None = None
) -> TagReport:
    """Count the tags of the errors that were read.

    Tags such as `cue:misspelling` and `kind:pharma` answer two questions: name a `family` to
    count one of them alone.
    """
    is_read = _read(table)
    wrong = np.flatnonzero(is_read & table.is_error)
    right = np.flatnonzero(is_read & ~table.is_error)
    plain, method = _method(table)
    empty = TagReport(n_read=len(wrong), n_correct_read=len(right), method=method)
    if not table.has("tags"):
        why = "The table has no tags: fill in a sheet and merge it."
        return replace(empty, not_applicable=why)
    marks = _marks(table, wrong, family, plain)
    if not marks.names:
        of = f" of the family {family!r}" if family else ""
        why = f"None of the {len(wrong):,} errors read bears a tag{of}."
        return replace(empty, not_applicable=why)
    counted = _count(table, marks, right, family, confidence)
    order = sorted(range(len(counted)), key=lambda k: (-counted[k].share, counted[k].tag))
    crossed = order[:CROSSED]
    return replace(
        empty,
        tags=tuple(counted[k] for k in order),
        covered=float(marks.part[marks.n_tags > 0].sum()),
        cover=_cover(marks),
        overlap_tags=tuple(marks.names[k] for k in crossed),
        overlap=_overlap(marks, crossed),
    )


def _read(table: PredictionTable) -> np.ndarray:
    if table.has("read"):
        return table.frame["read"].to_numpy(bool)
    done = np.zeros(len(table), dtype=bool)
    if table.has("tags"):
        done |= np.fromiter((len(t) > 0 for t in table.frame["tags"]), bool, len(table))
    if table.has("label_audit"):
        done |= table.frame["label_audit"].notna().to_numpy()
    return done


def _method(table: PredictionTable) -> tuple[bool, str]:
    """Describe what a share is a share of: errors, or their loss where that differs."""
    of_errors = table.loss[table.is_error]
    equal = len(table) > 0 and bool((table.weight == table.weight[0]).all())
    if equal and bool((of_errors == 1).all()):
        return True, "share of errors by count; Wilson, a group counted once"
    return False, "share of loss times weight; Wilson on the effective number, a group counted once"


def _marks(table: PredictionTable, rows: np.ndarray, family: str | None, plain: bool) -> _Marks:
    said = [_of_family(value, family) for value in table.frame["tags"].iloc[rows]]
    names = sorted({tag for each in said for tag in each})
    number = {tag: k for k, tag in enumerate(names)}
    lengths = np.array([len(each) for each in said], dtype=np.int64)
    mass = np.ones(len(rows)) if plain else (table.loss * table.weight)[rows]
    if mass.sum() == 0:  # errors by flag that cost nothing: count them
        mass = np.ones(len(rows))
    part = mass / max(mass.sum(), 1e-300)
    of_group = np.bincount(np.unique(table.groups[rows], return_inverse=True)[1], weights=part)
    return _Marks(
        names=names,
        row=np.repeat(np.arange(len(rows)), lengths),
        tag=np.array([number[tag] for each in said for tag in each], dtype=np.int64),
        part=part,
        effective=float(1 / (of_group**2).sum()) if len(rows) else 0.0,  # Kish, by group
    )


def _of_family(value: Any, family: str | None) -> tuple[str, ...]:
    if family is None:
        return tags(value)
    start = family + FAMILY
    return tuple(t.removeprefix(start) for t in tags(value) if t.startswith(start))


def _count(
    table: PredictionTable, marks: _Marks, right: np.ndarray, family: str | None, confidence: float
) -> list[Tag]:
    part = marks.part[marks.row]
    per_row = marks.n_tags[marks.row]
    counts = np.bincount(marks.tag, minlength=len(marks.names))
    shares = marks.by_tag(part)
    exclusive = marks.by_tag(part * (per_row == 1))
    shapley = marks.by_tag(part / per_row)  # an error's credit is split by all it bears alike
    lifts = _lifts(table, marks, right, family, confidence)
    # Tags are on errors: loss that counts as no error is out of their reach.
    mass = table.loss * table.weight
    reach = table.error * float(mass[table.is_error].sum() / mass.sum()) if mass.any() else 0.0
    made = []
    for k, name in enumerate(marks.names):
        share = min(1.0, float(shares[k]))
        lo, hi = wilson_interval(share, marks.effective, confidence)
        made.append(
            Tag(
                tag=name,
                count=int(counts[k]),
                share=share,
                lo=lo,
                hi=hi,
                ceiling=share * reach,
                dev_after=table.error - share * reach,
                exclusive=float(exclusive[k]),
                shapley=float(shapley[k]),
                lift=lifts[k].value,
                no_lift=lifts[k].missing,
                lift_lo=lifts[k].lo,
                lift_hi=lifts[k].hi,
            )
        )
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lift:
    value: float | None
    lo: float | None = None
    hi: float | None = None
    missing: str = ""


def _lifts(
    table: PredictionTable, marks: _Marks, right: np.ndarray, family: str | None, confidence: float
) -> list[_Lift]:
    """Compare counts with counts: a correct answer has no loss to weigh it by."""
    if len(right) == 0:
        why = "no correct example was read: tag some 100 of them as well"
        return [_Lift(value=None, missing=why)] * len(marks.names)
    seen: dict[str, int] = {}
    for value in table.frame["tags"].iloc[right]:
        for tag in _of_family(value, family):
            seen[tag] = seen.get(tag, 0) + 1
    clustering = max(1.0, len(marks.part) / marks.effective)  # errors of a group are one
    none = f"none of the {len(right):,} correct examples read bears it"
    found = []
    for name, count in zip(marks.names, np.bincount(marks.tag).tolist(), strict=True):
        lo, hi = ratio_interval(
            count, len(marks.part), seen.get(name, 0), len(right), confidence, clustering
        )
        known = count * len(right) / (len(marks.part) * seen[name]) if name in seen else None
        found.append(_Lift(value=known, lo=lo, hi=hi, missing="" if name in seen else none))
    return found


def ratio_interval(
    a: int, n: int, b: int, m: int, confidence: float, clustering: float = 1.0
) -> tuple[float, float]:
    """Return the interval of (a of n) over (b of m), by logarithms; half a count is added to each.

    `clustering` is how many examples count as one, for variance.

    Source: Katz, Baptista, Azen and Pike (1978), "Obtaining confidence intervals for the risk ratio
    in cohort studies"; Walter (1975) on the added halves.
    """
    x, y = a + 0.5, b + 0.5
    middle = log(x / (n + 0.5)) - log(y / (m + 0.5))
    variance = 1 / x - 1 / (n + 0.5) + 1 / y - 1 / (m + 0.5)
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * sqrt(max(0.0, clustering * variance))
    return exp(middle - half), exp(middle + half)


def _cover(marks: _Marks) -> tuple[tuple[str, float], ...]:
    """Take tags one by one, each time the one that adds most to what is covered."""
    order = np.argsort(marks.tag, kind="stable")
    rows = np.split(marks.row[order], np.cumsum(np.bincount(marks.tag))[:-1])
    heap = [
        (-float(marks.part[mine].sum()), name, k)
        for k, (name, mine) in enumerate(zip(marks.names, rows, strict=True))
    ]
    heapq.heapify(heap)
    open_ = np.ones(len(marks.part), dtype=bool)
    curve, covered = [], 0.0
    while heap:
        before, name, k = heapq.heappop(heap)
        gain = float(marks.part[rows[k]][open_[rows[k]]].sum())
        if gain <= 0:
            continue
        if gain < -before:  # what others have covered since: a gain can only shrink, so look again
            heapq.heappush(heap, (-gain, name, k))
            continue
        open_[rows[k]] = False
        covered += gain
        curve.append((name, covered))
    return tuple(curve)


def _overlap(marks: _Marks, chosen: list[int]) -> tuple[tuple[float, ...], ...]:
    bears = np.zeros((len(chosen), len(marks.part)))
    for place, k in enumerate(chosen):
        bears[place, marks.row[marks.tag == k]] = 1.0
    both = (bears * marks.part) @ bears.T  # (tag, tag)
    return tuple(tuple(float(v) for v in row) for row in both)
