"""Contiguous gaps of which only the sum is significant, and what it takes to separate them.

A middle split that is small makes both gaps that end there uncertain, while their sum, from the
split before to the split after, is not.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from statistics import NormalDist
from typing import Any

from foursplit.diagnosis.decomposition.ledger import MERGED, SLACK, Gap, between, ends
from foursplit.diagnosis.stats.bootstrap import Estimate

NAMES = {
    "avoidable_bias_or_variance": "avoidable bias or variance",
    MERGED: "variance or mismatch",
    "avoidable_bias_or_variance_or_mismatch": "avoidable bias, variance or mismatch",
}

LEVEL = 0.02  # one-sided, of a part of train to dev at family-wise 5 %
POWER = 0.8  # of cases in which half the sum should be significant: the custom of the field


@dataclass(frozen=True, slots=True, kw_only=True)
class JointGap:
    """A sum of contiguous gaps; `enlarge` is the split whose noise hides which of them it is."""

    total: Gap
    links: tuple[str, ...]
    enlarge: str
    n: int  # examples of that split
    n_needed: int | None  # None: not by enlarging that split alone
    rescore: bool = False  # its error on train is not comparable: no number of examples helps

    @property
    def gap(self) -> str:
        return self.total.gap

    @property
    def value(self) -> float:
        return self.total.value

    def as_json(self) -> dict[str, Any]:
        return {
            "gap": self.gap,
            "links": list(self.links),
            **self.total.interval(),
            "enlarge": self.enlarge,
            "n": self.n,
            "n_needed": self.n_needed,
            "rescore": self.rescore,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Contiguous gaps, the levels that they pass, and their sum."""

    gaps: tuple[Gap, ...]
    levels: tuple[str, ...]
    total: Gap


def contiguous_runs(
    errors: Mapping[str, Estimate], gaps: Sequence[Gap], confidence: float
) -> list[Run]:
    """Return the sums of two or more contiguous gaps up to dev.

    The shortest come first, and of equal length those nearer to dev.
    """
    chain = [gap for gap in gaps if gap.gap != "dev_overfit"]
    found = []
    for length in range(2, len(chain) + 1):
        for start in range(len(chain) - length, -1, -1):
            run = tuple(chain[start : start + length])
            levels = _levels(run, errors)
            if levels is not None:
                name = "_or_".join(gap.gap for gap in run)
                total = between(name, errors[levels[0]], errors[levels[-1]], confidence)
                found.append(Run(gaps=run, levels=tuple(levels), total=total))
    return found


def find_joint_gaps(
    errors: Mapping[str, Estimate],
    runs: Sequence[Run],
    names: Collection[str],
    limit: float,
    *,
    single: Collection[str] = (),
    unusable: Collection[str] = (),
) -> list[JointGap]:
    """Return the sums of contiguous gaps that are significant while none of their gaps is.

    `names`: the gaps and sums that are significant as a family; `single`: the gaps that are named
    alone.  No gap is in two sums: the first of `runs` has it.  Without train-dev, train to dev is
    one gap: so a significant sum of variance and mismatch is named unless both are known to be
    below `limit`, and a train-dev set never makes the verdict poorer.  A sum with bias is named
    only where one of its gaps exceeds `limit` by its value.  No sum ends at a split that is
    `unusable`.
    """
    found: list[JointGap] = []
    taken = {*single}
    for run in runs:
        if (
            {run.levels[0], run.levels[-1]}.isdisjoint(unusable)
            and _may_be_one(run.gaps, run.levels[0], limit)
            and run.total.gap in names
            and is_significant(run.total, limit)
            and taken.isdisjoint(gap.gap for gap in run.gaps)
        ):
            found.append(_joint(run.total, run.gaps, run.levels, errors))
            taken |= {gap.gap for gap in run.gaps}
    return found


def _may_be_one(run: Sequence[Gap], start: str, limit: float) -> bool:
    if start == "train":
        return any(may_exceed(gap, limit) for gap in run)
    return any(exceeds(gap.value, limit) for gap in run)


def to_rescore(joint: JointGap, n: int) -> JointGap:
    """Return a sum whose gaps a comparable error on train, of `n` examples, would separate."""
    return replace(joint, enlarge="train", n=n, n_needed=None, rescore=True)


def exceeds(value: float, limit: float) -> bool:
    """Check whether a value exceeds a limit by more than rounding."""
    return value > limit + SLACK


def may_exceed(gap: Gap, limit: float) -> bool:
    """Check whether a gap exceeds the limit, or its interval does not rule that out."""
    return exceeds(gap.value if gap.hi is None else gap.hi, limit)


def is_significant(gap: Gap, limit: float) -> bool:
    """Check whether a gap exceeds the limit, and its interval 0."""
    return exceeds(gap.value, limit) and (gap.lo is None or gap.lo > 0)


def _levels(run: Sequence[Gap], errors: Mapping[str, Estimate]) -> list[str] | None:
    """Return the levels that a run passes; None if its gaps do not follow each other."""
    pairs = [ends(gap.gap, errors) for gap in run]
    if any(first[1] != second[0] for first, second in pairwise(pairs)):
        return None
    return [pairs[0][0], *(high for _, high in pairs)]


def _joint(
    total: Gap,
    run: Sequence[Gap],
    levels: Sequence[str],
    errors: Mapping[str, Estimate],
) -> JointGap:
    noise = {level: float(errors[level].replicates.var()) for level in levels}
    middle = max(levels[1:-1], key=lambda level: noise[level])
    position = levels.index(middle)
    other = min(noise[levels[position - 1]], noise[levels[position + 1]])
    return JointGap(
        total=total,
        links=tuple(gap.gap for gap in run),
        enlarge=middle,
        n=errors[middle].n,
        n_needed=_required_examples(errors[middle].n, noise[middle], other, total.value / 2),
    )


def _required_examples(n: int, variance: float, other: float, gap: float) -> int | None:
    """Return the examples of a split that show a gap of this size with the usual power.

    `variance` is that of the split's error on n examples, `other` that of the other end's error.
    """
    normal = NormalDist()
    standard_errors = normal.inv_cdf(1 - LEVEL) + normal.inv_cdf(POWER)
    allowed = (gap / standard_errors) ** 2 - other
    if allowed <= 0:
        return None
    needed = ceil(n * variance / allowed)
    return needed if needed > n else None
