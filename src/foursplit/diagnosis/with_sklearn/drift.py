"""Whether two tables have the same distribution, by a classifier two-sample test.

Source: Lopez-Paz and Oquab (2017), Revisiting Classifier Two-Sample Tests.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.prediction_table import META, PROBA, PredictionTable
from foursplit.diagnosis.stats.bootstrap import percentile_interval
from foursplit.diagnosis.with_sklearn.domain_classifier import domain_scores, weighted_auc
from foursplit.diagnosis.with_sklearn.feature_shifts import (
    FeatureShift,
    feature_shifts,
    permutation_p_value,
    permuted_membership,
)

MAX_EQUAL_AUC = 0.6  # AUC: six of ten pairs ranked correctly; above it the tables differ

MIN_GROUPS = 20  # of either table: fewer are too few to train and test on

MIN_GROUPS_FOR_EQUALITY = 200  # groups of either table from which an AUC near 0.5 shows equality

MAX_EXAMPLES = 4000  # examples of either table: more cost seconds and change no verdict

MAX_CELLS = 100_000  # examples times columns of either table: 100 columns leave 1,000 examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Numbers of replicates and permutations, and the confidence of intervals."""

    n_resamples: int = 500
    permutations: int = 500
    confidence: float = 0.95


DEFAULT_SAMPLING = Sampling()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The AUC of a classifier between two tables: 0.5 by chance, 1 if perfect."""

    auc: float | None
    lo: float | None
    hi: float | None
    p_value: float | None  # of exactly equal distributions: with much data it is always small
    alike: bool | None  # None: undecided
    shifts: tuple[FeatureShift, ...]
    n: tuple[int, int]  # examples compared
    insufficient: str = ""

    def as_json(self) -> dict[str, Any]:
        shifts = [shift.as_json() for shift in self.shifts]
        return {**asdict(self), "n": list(self.n), "shifts": shifts}


def detect_drift(
    first: PredictionTable,
    second: PredictionTable,
    rng: np.random.Generator,
    columns: Sequence[str] | None = None,
    sampling: Sampling = DEFAULT_SAMPLING,
) -> Drift:
    """Compare the distributions of two tables by their shared columns.

    The verdict depends on the AUC, never on the p-value, which shrinks with size.
    """
    names = list(columns) if columns is not None else _columns(first, second)
    if not names:
        return _insufficient((len(first), len(second)), "give both tables the same meta.* columns")
    max_examples = min(MAX_EXAMPLES, MAX_CELLS // len(names))
    tables = [_subsample(table, max_examples, rng) for table in (first, second)]
    n = (len(tables[0]), len(tables[1]))
    if min(len(np.unique(table.groups)) for table in tables) < MIN_GROUPS:
        return _insufficient(n, f"give each table {MIN_GROUPS} groups (examples, without group_id)")
    frame = pd.concat([t.frame[names] for t in tables], ignore_index=True)
    side = np.repeat([0, 1], n)
    group = _groups(tables)
    unit = pd.factorize(group * 2 + side)[0]  # what is drawn: a group within its own table
    member = permuted_membership(side, unit, rng, sampling.permutations)
    score = domain_scores(frame, side, group, rng)
    verdict = _judge(score, unit, member, rng, sampling)
    return Drift(**verdict, shifts=feature_shifts(frame, unit, member), n=n)


def _columns(first: PredictionTable, second: PredictionTable) -> list[str]:
    """Return meta columns, and probabilities unless the model was trained on one of the tables.

    On trained examples the model is more confident even if the distributions are equal.
    """
    starts = (META,) if "train" in (first.split, second.split) else (META, PROBA)
    names = [str(name) for name in first.frame]
    not_searched = {*second.meta} - {*second.searched}
    shared = [name for name in names if name.startswith(starts) and second.has(name)]
    return [name for name in shared if name not in not_searched]


def _subsample(
    table: PredictionTable, max_examples: int, rng: np.random.Generator
) -> PredictionTable:
    """Return a random subset of whole groups with about `max_examples` examples."""
    table = table.by_name()
    if len(table) <= max_examples:
        return table
    order = rng.permutation(int(table.groups.max()) + 1)
    sizes = np.bincount(table.groups)[order]
    chosen = order[: max(MIN_GROUPS, int(np.searchsorted(np.cumsum(sizes), max_examples)))]
    return table.take(np.isin(table.groups, chosen))


def _groups(tables: Sequence[PredictionTable]) -> np.ndarray:
    """Return group codes over both tables; a group in both tables has one code."""
    names = [
        "group " + t.frame["group_id"]
        if t.has("group_id")
        else f"{t.split} " + t.frame["example_id"]
        for t in tables
    ]
    return np.asarray(pd.factorize(pd.concat(names, ignore_index=True))[0])


def _judge(
    score: np.ndarray,
    unit: np.ndarray,
    member: np.ndarray,
    rng: np.random.Generator,
    sampling: Sampling,
) -> dict[str, Any]:
    """Return the AUC, its interval by resampling units within their table, and the verdict."""
    from sklearn.metrics import roc_auc_score

    unit_side = member[0].astype(np.int64)
    ranks, side = np.unique(score, return_inverse=True)[1], unit_side[unit]
    value = float(roc_auc_score(side, score))
    replicates = np.empty(sampling.n_resamples)
    for replicate in range(sampling.n_resamples):
        weight = np.zeros(len(unit_side))
        for one_side in (0, 1):
            units = np.flatnonzero(unit_side == one_side)
            drawn = rng.integers(0, len(units), len(units))
            weight[units] = np.bincount(drawn, minlength=len(units))
        replicates[replicate] = weighted_auc(ranks, side, weight[unit])
    lo, hi = percentile_interval(replicates, sampling.confidence)
    # A classifier that learnt nothing gives 0.5 in every replicate, which is no certainty: the
    # interval has at least the spread of the rank sum of as many units without a difference.
    n_high, n_low = int(unit_side.sum()), int((1 - unit_side).sum())
    z = NormalDist().inv_cdf(0.5 + sampling.confidence / 2)
    half_width = z * float(np.sqrt((n_high + n_low + 1) / (12 * n_high * n_low)))
    lo, hi = max(0.0, min(lo, value - half_width)), min(1.0, max(hi, value + half_width))
    ones = np.ones(len(unit))
    null = np.array([weighted_auc(ranks, permuted[unit], ones) for permuted in member[1:]])
    proven = hi < MAX_EQUAL_AUC and min(n_high, n_low) >= MIN_GROUPS_FOR_EQUALITY
    alike = False if lo > MAX_EQUAL_AUC else True if proven else None
    return {
        "auc": value,
        "lo": lo,
        "hi": hi,
        "p_value": permutation_p_value(value, null),
        "alike": alike,
    }


def _insufficient(n: tuple[int, int], remedy: str) -> Drift:
    return Drift(
        auc=None, lo=None, hi=None, p_value=None, alike=None, shifts=(), n=n, insufficient=remedy
    )
