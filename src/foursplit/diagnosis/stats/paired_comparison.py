"""Whether one of two models is better, judged on the same examples one by one.

Source: Dietterich (1998), "Approximate statistical tests for comparing supervised classification
learning algorithms", section 3 (McNemar's test); McNemar (1947); Efron and Tibshirani (1993), An
Introduction to the Bootstrap, chapter 15.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import bdtr

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import Table
from foursplit.diagnosis.stats.bootstrap import (
    FEW,
    MANY,
    interval,
    resample,
    standard_error,
    widening,
)
from foursplit.diagnosis.stats.power import NORMAL, examples_needed
from foursplit.diagnosis.stats.seed_variance import t_draws

MCNEMAR, BOOTSTRAP = "mcnemar exact", "paired bootstrap"
NOTHING = 1e-12  # share of the errors below which a difference is the rounding of sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the examples say of two models; `delta` above 0 means that B is better.

    `p_value` is the chance of a difference as large if there were none, `p_b_better` the chance,
    given the data, that B's true error is lower.  `n_needed` is how many examples show a
    difference of this size with 80 % power; None where there is none.
    """

    n: int
    n_groups: int
    error_a: float
    error_b: float
    delta: float
    lo: float
    hi: float
    p_value: float
    test: str
    p_b_better: float
    discordance: float
    n_needed: int | None
    sentence: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Seeds = Mapping[Any, float]
"""A model's error from each of its seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    draws: np.ndarray
    p_value: float
    test: str
    n_needed: int | None


def compare(
    a: Table,
    b: Table,
    rng: np.random.Generator,
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seeds: tuple[Seeds, Seeds] = ({}, {}),
) -> Comparison:
    """Compare two models on the examples of `a`, which `b` must hold too, in any order.

    Two intervals that overlap decide nothing: what varies from example to example alike for both
    models is in each of them, and not in their difference.  Where the tables are means over
    several `seeds`, what training again would change is added to all that is said.
    """
    b = align_rows(b, a)
    gain = a.loss - b.loss
    n_groups = int(a.groups.max()) + 1
    delta = float(np.average(gain, weights=a.weight))
    delta = 0.0 if abs(delta) <= NOTHING * (a.error + b.error) else delta
    plain = n_groups == len(a) and all(np.isin(t.loss, (0.0, 1.0)).all() for t in (a, b))
    if plain and (a.weight == a.weight[0]).all():
        found = _mcnemar(gain, rng, resamples)
    else:
        found = _bootstrap(a, gain, delta, rng, resamples, confidence)
    found = _with_seeds(found, delta, seeds, rng)
    lo, hi = interval(found.draws, confidence)
    better = float(np.mean(found.draws > 0) + np.mean(found.draws == 0) / 2)
    return Comparison(
        n=len(a),
        n_groups=n_groups,
        error_a=a.error,
        error_b=b.error,
        delta=delta,
        lo=min(lo, delta),
        hi=max(hi, delta),
        p_value=found.p_value,
        test=found.test,
        p_b_better=better,
        discordance=float(np.mean(gain != 0)),
        n_needed=found.n_needed,
        sentence=_sentence(a, b, found, better, 1 - confidence),
    )


def _with_seeds(
    found: _Found, delta: float, seeds: tuple[Seeds, Seeds], rng: np.random.Generator
) -> _Found:
    """Add to the draws what training again would change; one seed says nothing of that."""
    noise = seed_noise(*seeds, rng, len(found.draws))
    if not noise.any():
        return found
    draws = found.draws + noise
    tail = min(int(np.sum(draws <= 0)), int(np.sum(draws >= 0))) + 1
    p = min(1.0, 2 * tail / (len(draws) + 1)) if delta else 1.0
    return replace(
        found, draws=draws, p_value=max(p, found.p_value), test=f"{found.test} and seeds"
    )


def seed_noise(a: Seeds, b: Seeds, rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw how far the mean difference of two models would move with other seeds.

    The same seeds start both models alike, and are paired.
    """
    if len(a) > 1 and a.keys() == b.keys():
        return t_draws([a[seed] - b[seed] for seed in a], rng, n)
    return np.asarray(sum((t_draws(list(one.values()), rng, n) for one in (a, b)), np.zeros(n)))


def align_rows(table: Table, like: Table) -> Table:
    """Return `table` with its rows in the order of `like`; raise unless both hold the same rows."""
    a, b = like, table
    ids, others = pd.Index(a.frame["example_id"]), pd.Index(b.frame["example_id"])
    if not ids.equals(others):
        # Ids are unique, so those of A are numbered by their rows, and new ones get larger codes.
        rows = pd.factorize(ids.append(others))[0][len(ids) :]
        positions, is_shared = np.full(len(ids), -1), rows < len(ids)
        positions[rows[is_shared]] = np.flatnonzero(is_shared)
        _check_same_examples(ids[positions < 0], others[~is_shared], a, b)
        b = b.take(positions)
    _check_equal(ids, ~np.isclose(a.weight, b.weight, rtol=1e-9, atol=0.0), "weight")
    if a.has("group_id") != b.has("group_id"):
        raise FoursplitError("one of the tables has a column 'group_id' and the other has none")
    if a.has("group_id"):
        differs = a.frame["group_id"].to_numpy(object) != b.frame["group_id"].to_numpy(object)
        _check_equal(ids, np.asarray(differs, bool), "group_id")
    if a.has("y") and b.has("y"):
        _check_equal(ids, _answered_differently(a.frame["y"], b.frame["y"]), "y")
    return b


def _answered_differently(a: pd.Series, b: pd.Series) -> np.ndarray:
    """Say where two columns hold other answers, as numbers where both are: '7' is 7 and 7.0."""
    numbers = [pd.to_numeric(column, errors="coerce") for column in (a, b)]
    if all(n.notna().eq(column.notna()).all() for n, column in zip(numbers, (a, b), strict=True)):
        first, second = (n.to_numpy(np.float64) for n in numbers)
        return ~np.isclose(first, second, rtol=1e-9, atol=0.0, equal_nan=True)
    words = [column.astype(str).where(column.notna(), "").to_numpy(object) for column in (a, b)]
    return np.asarray(words[0] != words[1], bool)


def _check_same_examples(only_a: pd.Index, only_b: pd.Index, a: Table, b: Table) -> None:
    told = [
        f"{len(only):,} only in {table.path or name} (such as {only[0]!r})"
        for only, table, name in ((only_a, a, "A"), (only_b, b, "B"))
        if len(only)
    ]
    if told:
        raise FoursplitError(
            f"the tables hold other examples: {', '.join(told)}; models are compared on the same"
        )


def _check_equal(ids: pd.Index, differs: np.ndarray, column: str) -> None:
    if differs.any():
        raise FoursplitError(
            f"column {column!r} differs between the tables for {int(differs.sum()):,} examples, "
            f"such as {ids[int(differs.argmax())]!r}; models are compared under one"
        )


def _mcnemar(gain: np.ndarray, rng: np.random.Generator, resamples: int) -> _Found:
    """Test by the pairs on which one model alone is right."""
    n, won, lost = len(gain), int((gain > 0).sum()), int((gain < 0).sum())
    needed = examples_needed(abs(won - lost) / n, (won + lost) / n) if won != lost else None
    draws = _posterior(won, lost, n, rng, resamples)
    return _Found(draws=draws, p_value=mcnemar_p(won, lost), test=MCNEMAR, n_needed=needed)


def _posterior(won: int, lost: int, n: int, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """Draw true differences after seeing n examples, by Jeffreys' prior.

    The share of the discordant pairs that B wins is then Beta, also by Jeffreys' prior.
    """
    most, least = max(won, lost), min(won, lost)  # so that to swap the models mirrors the draws
    shares = rng.dirichlet([most + 0.5, least + 0.5, n - most - least + 0.5], resamples)
    return (shares[:, 0] - shares[:, 1]) * (1 if won >= lost else -1)


def mcnemar_p(won: int, lost: int) -> float:
    """Return the exact two-sided p of McNemar's test."""
    return min(1.0, 2 * float(bdtr(min(won, lost), won + lost, 0.5)))


def _bootstrap(
    a: Table,
    gain: np.ndarray,
    delta: float,
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
) -> _Found:
    """Draw groups of paired differences again.

    The p is no smaller than that of turning the signs of as few groups as there are.
    """
    sums = np.bincount(a.groups, weights=a.weight * gain)
    weights = np.bincount(a.groups, weights=a.weight)
    n_groups, sign = len(sums), -1 if delta < 0 else 1  # to swap the models mirrors the draws
    if not gain.any():  # no difference seen is not certainty
        draws = _posterior(0, 0, n_groups, rng, resamples)
    elif n_groups == 1:  # one group says nothing of others
        largest = max(1.0, float(np.abs(gain).max()))
        draws = sign * rng.uniform(-largest, largest, resamples)
    else:
        draws = sign * _draws(sign * sums, weights, rng, resamples, confidence)
    tail = min(np.sum(draws <= 0), np.sum(draws >= 0)) + 1
    least = 2.0 ** (1 - n_groups)
    p = max(2 * float(tail) / (resamples + 1), least) if delta else 1.0
    needed = None
    if delta and n_groups > 1:
        z = NORMAL.inv_cdf(0.975) + NORMAL.inv_cdf(0.8)
        needed = max(1, ceil(len(gain) * (z * standard_error(sums, weights) / delta) ** 2))
    return _Found(draws=draws, p_value=min(1.0, p), test=BOOTSTRAP, n_needed=needed)


def _draws(
    sums: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
) -> np.ndarray:
    """Draw mean differences: by Student's t for few groups, by the normal for very many."""
    n, value = len(sums), float(sums.sum() / weights.sum())
    if FEW <= n < MANY:
        drawn = resample(sums, weights, rng, resamples)
        return value + (drawn - value) * widening(n, confidence)
    noise = rng.standard_t(n - 1, resamples) if n < FEW else rng.standard_normal(resamples)
    return value + standard_error(sums, weights) * noise


def _sentence(a: Table, b: Table, found: _Found, better: float, alpha: float) -> str:
    if not np.any(a.loss != b.loss):
        return f"A and B err alike on every one of the {len(a):,} examples."
    p = "p < 0.001" if found.p_value < 0.001 else f"p = {found.p_value:.3f}"
    name, low, high = ("B", b.error, a.error) if b.error <= a.error else ("A", a.error, b.error)
    chance = better if name == "B" else 1 - better
    sure = f"{p}; the chance that {name} is truly better is {chance:.1%}"
    if found.p_value < alpha:
        return f"{name} is better, at {low:.2%} against {high:.2%}, beyond chance ({sure})."
    text = f"A at {a.error:.2%} and B at {b.error:.2%} may differ by chance alone ({sure})"
    if found.n_needed is None or found.n_needed <= len(a):
        return f"{text}."
    return (
        f"{text}: to show such a difference takes some {found.n_needed:,} examples, not {len(a):,}."
    )
