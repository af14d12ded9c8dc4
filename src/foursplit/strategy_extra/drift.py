"""Whether two tables look alike, what sets them apart, and what the errors are made of.

Source: Lopez-Paz and Oquab (2017), Revisiting Classifier Two-Sample Tests; Benjamini and Hochberg
(1995), Controlling the False Discovery Rate.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from foursplit.strategy.bootstrap import Estimate, estimate, interval
from foursplit.strategy.tables import META, PROBA, Table

MATERIAL = 0.6  # AUC: six of ten pairs, one of each table, told apart; above it they differ

FOLDS = 5

LEAST_GROUPS = 20  # of either table: fewer leave too little to learn from and to judge on

ENOUGH = 200  # groups of either table from which a classifier that finds nothing proves anything

MOST = 4000  # examples of either table: more would move no verdict and cost seconds

RARE = 50  # values of a category from which the rest are one

LEVELS = 20  # distinct values up to which a whole number is a category


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How often to draw."""

    resamples: int = 500
    permutations: int = 500
    confidence: float = 0.95


USUAL = Sampling()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far one column has moved."""

    column: str
    statistic: float
    kind: str  # standardised difference of means, or total variation
    p_value: float
    q_value: float  # expected share of false ones among those up to here

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How well a classifier tells two tables apart: 0.5 not at all, 1 always."""

    auc: float | None
    lo: float | None
    hi: float | None
    p_value: float | None  # of no difference at all: with data enough it is always small
    alike: bool | None  # None: cannot be told
    shifts: tuple[Shift, ...]
    n: tuple[int, int]  # examples compared
    insufficient: str = ""

    def as_json(self) -> dict[str, Any]:
        shifts = [shift.as_json() for shift in self.shifts]
        return {**asdict(self), "n": list(self.n), "shifts": shifts}


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A value that is more frequent among dev errors than in train."""

    column: str
    value: str
    share_of_errors: float
    share_of_dev: float
    share_of_train: float
    lo: float  # of errors less train
    hi: float

    @property
    def excess(self) -> float:
        return self.share_of_errors - self.share_of_train

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "excess": self.excess}


def drift(
    first: Table,
    second: Table,
    rng: np.random.Generator,
    columns: Sequence[str] | None = None,
    sampling: Sampling = USUAL,
) -> Drift:
    """Compare two tables by the columns they share.

    The verdict rests on how far the tables can be told apart, never on p, which shrinks with size.
    """
    names = list(columns) if columns is not None else _columns(first, second)
    if not names:
        return _unknown((len(first), len(second)), "give both tables the same meta.* columns")
    tables = [_some(table, rng) for table in (first, second)]
    n = (len(tables[0]), len(tables[1]))
    if min(len(np.unique(table.groups)) for table in tables) < LEAST_GROUPS:
        return _unknown(n, f"give each table {LEAST_GROUPS} groups (examples, without group_id)")
    frame = pd.concat([t.frame[names] for t in tables], ignore_index=True)
    side = np.repeat([0, 1], n)
    group = _groups(tables)
    unit = pd.factorize(group * 2 + side)[0]  # what is drawn: a group within its own table
    member = _members(side, unit, rng, sampling.permutations)
    score = _told_apart(frame, side, group, rng)
    found = _judge(score, unit, member, rng, sampling)
    return Drift(**found, shifts=_shifts(frame, unit, member), n=n)


def drivers(
    train: Table, dev: Table, rng: np.random.Generator, sampling: Sampling = USUAL, most: int = 10
) -> list[Driver]:
    """List the meta values whose share of dev's error exceeds their share of train the most.

    An error counts by its loss.  What stands here is what train lacks or the model finds hard:
    collect or make more of it.
    """
    train, dev = _sorted(train), _sorted(dev)
    wrong = dev.take(dev.is_error & (dev.loss > 0))
    found = []
    for column in [name for name in dev.meta if train.has(name) and len(wrong)]:
        of_dev, of_train = _values(dev.frame[column], train.frame[column])
        of_wrong = of_dev[dev.is_error & (dev.loss > 0)]
        for value in sorted(set(of_wrong)):
            mass = wrong.loss * wrong.weight
            gain = _share(of_wrong == value, mass) - _share(of_train == value, train.weight)
            if gain > 0:
                found.append((-gain, column, value, of_wrong, of_dev, of_train))
    found.sort(key=lambda one: one[:3])
    made = []
    for _, column, value, of_wrong, of_dev, of_train in found[:most]:
        errors = _estimate(wrong, of_wrong == value, wrong.loss * wrong.weight, rng, sampling)
        learnt = _estimate(train, of_train == value, train.weight, rng, sampling)
        lo, hi = interval(errors.draws - learnt.draws, sampling.confidence)
        made.append(
            Driver(
                column=column,
                value=value,
                share_of_errors=errors.value,
                share_of_dev=_share(of_dev == value, dev.weight),
                share_of_train=learnt.value,
                lo=lo,
                hi=hi,
            )
        )
    return made


def _columns(first: Table, second: Table) -> list[str]:
    """Name meta columns, and probabilities unless the model was trained on one of the tables.

    There it is surer than on any unseen example, however alike the two.
    """
    starts = (META,) if "train" in (first.split, second.split) else (META, PROBA)
    names = [str(name) for name in first.frame]
    return [name for name in names if name.startswith(starts) and second.has(name)]


def _sorted(table: Table) -> Table:
    """Put rows in an order of their own, so that that of the file is no input."""
    return table.take(np.argsort(table.frame["example_id"].to_numpy(str), kind="stable"))


def _some(table: Table, rng: np.random.Generator) -> Table:
    """Keep whole groups at random until there are enough examples."""
    table = _sorted(table)
    if len(table) <= MOST:
        return table
    order = rng.permutation(int(table.groups.max()) + 1)
    sizes = np.bincount(table.groups)[order]
    kept = order[: max(LEAST_GROUPS, int(np.searchsorted(np.cumsum(sizes), MOST)))]
    return table.take(np.isin(table.groups, kept))


def _groups(tables: Sequence[Table]) -> np.ndarray:
    """Number groups over both tables: one that is in both stays one."""
    names = [
        "group " + t.frame["group_id"]
        if t.has("group_id")
        else f"{t.split} " + t.frame["example_id"]
        for t in tables
    ]
    return np.asarray(pd.factorize(pd.concat(names, ignore_index=True))[0])


def _is_category(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return True
    return values.nunique() <= LEVELS


def _category(values: pd.Series) -> np.ndarray:
    """Number a column's values, most frequent first; the rare are one, the missing -1."""
    text = values.astype(str).where(values.notna())
    rank = {value: k for k, value in enumerate(text.value_counts(sort=True).index)}
    code = text.map(rank).fillna(-1).to_numpy(np.int64)
    return np.minimum(code, RARE)


def _told_apart(
    frame: pd.DataFrame, side: np.ndarray, group: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Score each example as of the second table, by a classifier that saw none of its group."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    is_category = [_is_category(frame[name]) for name in frame]
    x = np.stack(
        [
            _category(frame[name]) if category else frame[name].to_numpy(np.float64)
            for name, category in zip(frame, is_category, strict=True)
        ],
        axis=1,
    ).astype(np.float64)
    fold, score = _folds(side, group, rng), np.empty(len(side))
    for k in range(FOLDS):
        classifier = HistGradientBoostingClassifier(
            max_iter=50,
            max_leaf_nodes=4,  # shallow: of a few hundred examples deep trees learn the noise
            min_samples_leaf=max(2, min(20, len(side) // 20)),  # 20 in a hundred could not split
            categorical_features=is_category,
            early_stopping=False,
            random_state=int(rng.integers(2**31)),
        )
        # One thread: sums come out alike on every machine, and small fits wait for no other.
        with threadpool_limits(limits=1):
            classifier.fit(x[fold != k], side[fold != k])
            score[fold == k] = classifier.predict_proba(x[fold == k])[:, 1]
    return score


def _folds(side: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Deal the groups of each table out to folds in turn."""
    n = int(group.max()) + 1
    share = np.bincount(group, weights=side) / np.bincount(group)
    dealt = np.empty(n, dtype=np.int64)
    dealt[np.lexsort((rng.permutation(n), share))] = np.arange(n) % FOLDS
    return np.asarray(dealt[group])


def _judge(
    score: np.ndarray, unit: np.ndarray, member: np.ndarray, rng: np.random.Generator,
    sampling: Sampling,
) -> dict[str, Any]:  # fmt: skip
    """Give the AUC, its interval by drawing units within their table, and the verdict."""
    of_unit = member[0].astype(np.int64)
    code, side, ones = np.unique(score, return_inverse=True)[1], of_unit[unit], np.ones(len(unit))
    value = _auc(code, side, ones)
    draws = np.empty(sampling.resamples)
    for draw in range(sampling.resamples):
        weight = np.zeros(len(of_unit))
        for one in (0, 1):
            mine = np.flatnonzero(of_unit == one)
            weight[mine] = rng.multinomial(len(mine), np.full(len(mine), 1 / len(mine)))
        draws[draw] = _auc(code, side, weight[unit])
    lo, hi = interval(draws, sampling.confidence)
    # Where the classifier learnt nothing every draw is 0.5, which is no certainty: at least the
    # spread of the rank sum of as many units without a difference.
    n_high, n_low = int(of_unit.sum()), int((1 - of_unit).sum())
    z = NormalDist().inv_cdf(0.5 + sampling.confidence / 2)
    least = z * float(np.sqrt((n_high + n_low + 1) / (12 * n_high * n_low)))
    lo, hi = max(0.0, min(lo, value - least)), min(1.0, max(hi, value + least))
    null = np.array([_auc(code, one[unit], ones) for one in member[1:]])
    proven = hi < MATERIAL and min(n_high, n_low) >= ENOUGH
    alike = False if lo > MATERIAL else True if proven else None
    return {"auc": value, "lo": lo, "hi": hi, "p_value": _p(value, null), "alike": alike}


def auc(score: np.ndarray, side: np.ndarray, weight: np.ndarray) -> float:
    """Give the chance that one of the second table outscores one of the first; ties are half."""
    return _auc(np.unique(score, return_inverse=True)[1], side, weight)


def _auc(code: np.ndarray, side: np.ndarray, weight: np.ndarray) -> float:
    high = np.bincount(code, weights=weight * side)
    low = np.bincount(code, weights=weight * (1 - side))
    below = np.cumsum(low) - low / 2
    return float((high * below).sum() / (high.sum() * low.sum()))


def _members(
    side: np.ndarray, unit: np.ndarray, rng: np.random.Generator, permutations: int
) -> np.ndarray:
    """Give (permutation, unit) flags of the second table: first as it is, then dealt anew.

    Both tables are pooled and their units dealt out again, as if there were no difference.
    """
    of_unit = np.zeros(int(unit.max()) + 1)
    of_unit[unit] = side
    return np.stack([of_unit, *(rng.permutation(of_unit) for _ in range(permutations))])


def _shifts(frame: pd.DataFrame, unit: np.ndarray, member: np.ndarray) -> tuple[Shift, ...]:
    """Test each column, least likely by chance first."""
    tested = [(str(name), *_moved(frame[name], unit, member)) for name in frame]
    p = np.array([_p(float(moved[0]), moved[1:]) for _, _, moved in tested])
    order = np.lexsort((np.array([-moved[0] for _, _, moved in tested]), p))
    raw = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.minimum(1, np.minimum.accumulate(raw[::-1])[::-1])
    return tuple(
        Shift(
            column=tested[k][0], kind=tested[k][1], statistic=float(tested[k][2][0]),
            p_value=float(p[k]), q_value=float(q[rank]),
        )
        for rank, k in enumerate(order)
    )  # fmt: skip


def _moved(values: pd.Series, unit: np.ndarray, member: np.ndarray) -> tuple[str, np.ndarray]:
    """Give a column's (permutation,) statistics, the first of them the real one."""
    n = member.shape[1]
    if _is_category(values):
        code = _category(values) + 1
        counts = np.zeros((n, int(code.max()) + 1))
        np.add.at(counts, (unit, code), 1.0)
        high, low = member @ counts, (1 - member) @ counts  # (permutation, level)
        high, low = (part / part.sum(axis=1, keepdims=True) for part in (high, low))
        return "total variation", np.abs(high - low).sum(axis=1) / 2
    x = values.to_numpy(np.float64)
    there = np.isfinite(x)
    sums = np.bincount(unit[there], weights=x[there], minlength=n)
    sizes = np.bincount(unit[there], minlength=n).astype(np.float64)
    spread = float(x[there].std()) or 1.0  # of both pooled: the same in every permutation
    means = [part @ sums / np.maximum(part @ sizes, 1) for part in (member, 1 - member)]
    return "standardised difference", np.abs(means[1] - means[0]) / spread


def _p(real: float, null: np.ndarray) -> float:
    return float((1 + (null >= real - 1e-12).sum()) / (1 + len(null)))


def _values(dev: pd.Series, train: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Give both columns as text; quantities by the quarter of train they lie in."""
    both = pd.concat([dev, train], ignore_index=True)
    if not _is_category(both):
        edges = np.unique(train.quantile([0.25, 0.5, 0.75]).to_numpy(np.float64))
        bounds = ["", *(f"{edge:.4g}" for edge in edges), ""]
        names = np.array([f"{a} to {b}".strip() for a, b in pairwise(bounds)], dtype=object)
        place = np.searchsorted(edges, both.to_numpy(np.float64), side="right")
        both = pd.Series(names[place]).where(both.notna().to_numpy(), "missing")
    text = both.astype(str).to_numpy(object)
    return text[: len(dev)], text[len(dev) :]


def _share(here: np.ndarray, weight: np.ndarray) -> float:
    return float(np.average(here, weights=weight))


def _estimate(
    table: Table, here: np.ndarray, weight: np.ndarray, rng: np.random.Generator,
    sampling: Sampling,
) -> Estimate:  # fmt: skip
    return estimate(
        here.astype(np.float64), weight, table.groups, rng,
        resamples=sampling.resamples, confidence=sampling.confidence,
    )  # fmt: skip


def _unknown(n: tuple[int, int], lacking: str) -> Drift:
    return Drift(
        auc=None, lo=None, hi=None, p_value=None, alike=None, shifts=(), n=n, insufficient=lacking
    )
