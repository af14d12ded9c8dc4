"""Paired comparison of two models on the same examples.

Source: Dietterich (1998), "Approximate statistical tests for comparing supervised classification
learning algorithms", section 3 (McNemar's test); McNemar (1947); Efron and Tibshirani (1993), An
Introduction to the Bootstrap, chapter 15.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import ceil, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import bdtr, stdtr, stdtrit

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.bootstrap import (
    MIN_BOOTSTRAP_GROUPS,
    MIN_NORMAL_GROUPS,
    bootstrap_replicates,
    percentile_interval,
    standard_error,
    t_correction,
)
from foursplit.diagnosis.stats.error_posterior import answers_per_row, gain_posterior
from foursplit.diagnosis.stats.normal_power import NORMAL
from foursplit.diagnosis.stats.power import required_examples
from foursplit.diagnosis.stats.required_seeds import (
    examples_with_seeds,
    seed_variance,
    seeds_with_examples,
)
from foursplit.diagnosis.stats.sign_flips import sign_flip_p_value

MCNEMAR, BOOTSTRAP, POSTERIOR = "mcnemar exact", "paired bootstrap", "paired posterior"
TRAINED, RECIPES = "trained models", "ways to train"  # what a comparison is about

ROUNDING_SHARE = 1e-12  # of the errors: a smaller difference is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The comparison of two models; `delta` above 0 means that B is better.

    `p_value` is the probability of so large a difference between equal models, and `p_b_better` the
    posterior probability that B's true error is lower.  `scope` says what is compared: these
    trained models, or the ways to train them, which takes two seeds of each.  `p_trained` is the
    p-value for these trained models, whatever other seeds would give.  `n_needed` is the number of
    examples that detect this difference with a power of 80 % with the same seeds, and
    `seeds_needed` the number of seeds of each model that do so on the same examples.  Each is None
    where no number suffices; `seeds_needed` also where either model has one seed, whose variance is
    unknown.
    """

    n: int
    n_groups: int
    error_a: float
    error_b: float
    delta: float
    lo: float
    hi: float
    p_value: float
    p_trained: float
    scope: str
    test: str
    p_b_better: float
    discordance: float
    n_needed: int | None
    seeds_needed: int | None
    sentence: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


SeedErrors = Mapping[Any, float]
"""A model's error from each of its seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _TestResult:
    replicates: np.ndarray
    p_value: float
    test: str
    n_needed: int | None
    seeds_needed: int | None = None


def compare_models(
    a: PredictionTable,
    b: PredictionTable,
    rng: np.random.Generator,
    *,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    seeds: tuple[SeedErrors, SeedErrors] = ({}, {}),
) -> Comparison:
    """Compare two models on the examples of `a`; `b` must hold the same, in any order.

    Overlapping intervals of the two errors decide nothing: variation between examples that both
    models share is in both intervals, but not in the difference.  If the tables are means over
    several `seeds`, the variance of retraining is added.
    """
    b = align_rows(b, a)
    gain = a.loss - b.loss
    n_groups = int(a.groups.max()) + 1
    delta = float(np.average(gain, weights=a.weight))
    delta = 0.0 if abs(delta) <= ROUNDING_SHARE * (a.error + b.error) else delta
    is_binary = n_groups == len(a) and all(np.isin(t.loss, (0.0, 1.0)).all() for t in (a, b))
    if is_binary and (a.weight == a.weight[0]).all():
        result = _mcnemar(gain, rng, n_resamples)
    else:
        result = _resample(a, gain, delta, rng, n_resamples, confidence)
    p_trained = result.p_value
    result = _add_seed_noise(result, (a, b), delta, seeds, confidence)
    lo, hi = percentile_interval(result.replicates, confidence)
    p_b_better = float(np.mean(result.replicates > 0) + np.mean(result.replicates == 0) / 2)
    return Comparison(
        n=len(a),
        n_groups=n_groups,
        error_a=a.error,
        error_b=b.error,
        delta=delta,
        lo=min(lo, delta),
        hi=max(hi, delta),
        p_value=result.p_value,
        p_trained=p_trained,
        scope=RECIPES if min(map(len, seeds)) > 1 else TRAINED,
        test=result.test,
        p_b_better=p_b_better,
        discordance=float(np.mean(gain != 0)),
        n_needed=result.n_needed,
        seeds_needed=result.seeds_needed,
        sentence=_sentence(a, b, result, p_b_better, 1 - confidence),
    )


def _add_seed_noise(
    result: _TestResult,
    tables: tuple[PredictionTable, PredictionTable],
    delta: float,
    seeds: tuple[SeedErrors, SeedErrors],
    confidence: float,
) -> _TestResult:
    """Add the variance of retraining; with one seed the result is unchanged.

    The draws keep their shape and are widened to the variance of both sources, with the quantile of
    Student's t at Satterthwaite's degrees of freedom.  Where the seeds vary no more than their own
    errors by example explain, there is nothing to add.
    """
    variance = seed_variance(*seeds, tables)
    of_examples = float(np.var(result.replicates))
    if not variance.parts or of_examples == 0:
        return result
    if variance.mean == 0:
        return replace(result, test=f"{result.test} and seeds")
    n, n_groups = len(tables[0]), int(tables[0].groups.max()) + 1
    degrees, tail = variance.degrees(of_examples, n_groups), 0.5 + confidence / 2
    error = sqrt(of_examples + variance.mean)
    quantiles = float(stdtrit(degrees, tail) / stdtrit(max(1, n_groups - 1), tail))
    widening = max(1.0, error / sqrt(of_examples) * quantiles)
    replicates = delta + (result.replicates - delta) * widening
    of_seeds = max(_two_sided(replicates), 2 * float(stdtr(degrees, -abs(delta) / error)))
    n_needed = result.n_needed
    return replace(
        result,
        n_needed=n_needed and examples_with_seeds(n_needed, delta, variance),
        seeds_needed=n_needed and seeds_with_examples(n_needed, n, delta, variance),
        replicates=replicates,
        p_value=max(of_seeds if delta else 1.0, result.p_value),
        test=f"{result.test} and seeds",
    )


def align_rows(table: PredictionTable, like: PredictionTable) -> PredictionTable:
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
        raise FoursplitError(
            "one table has a column 'group_id', the other has none; add it or drop it"
        )
    if a.has("group_id"):
        differs = a.frame["group_id"].to_numpy(object) != b.frame["group_id"].to_numpy(object)
        _check_equal(ids, np.asarray(differs, bool), "group_id")
    if a.has("y") and b.has("y"):
        _check_equal(ids, _labels_differ(a.frame["y"], b.frame["y"]), "y")
    return b


def _labels_differ(a: pd.Series, b: pd.Series) -> np.ndarray:
    """Return where two columns of labels differ; numbers are compared by value: '7' is 7.0."""
    numbers = [pd.to_numeric(column, errors="coerce") for column in (a, b)]
    if all(n.notna().eq(column.notna()).all() for n, column in zip(numbers, (a, b), strict=True)):
        first, second = (n.to_numpy(np.float64) for n in numbers)
        return ~np.isclose(first, second, rtol=1e-9, atol=0.0, equal_nan=True)
    labels = [column.astype(str).where(column.notna(), "").to_numpy(object) for column in (a, b)]
    return np.asarray(labels[0] != labels[1], bool)


def _check_same_examples(
    only_a: pd.Index, only_b: pd.Index, a: PredictionTable, b: PredictionTable
) -> None:
    messages = [
        f"{len(only):,} only in {table.path or name} (such as {only[0]!r})"
        for only, table, name in ((only_a, a, "A"), (only_b, b, "B"))
        if len(only)
    ]
    if messages:
        raise FoursplitError(
            f"the tables hold different examples: {', '.join(messages)}; score both models on the "
            "same examples"
        )


def _check_equal(ids: pd.Index, differs: np.ndarray, column: str) -> None:
    if differs.any():
        raise FoursplitError(
            f"column {column!r} differs between the tables for {int(differs.sum()):,} examples, "
            f"such as {ids[int(differs.argmax())]!r}. It must be equal in both"
        )


def _mcnemar(gain: np.ndarray, rng: np.random.Generator, n_resamples: int) -> _TestResult:
    """Test on the examples that exactly one model answers correctly."""
    n, n_wins, n_losses = len(gain), int((gain > 0).sum()), int((gain < 0).sum())
    n_needed = (
        required_examples(abs(n_wins - n_losses) / n, (n_wins + n_losses) / n)
        if n_wins != n_losses
        else None
    )
    replicates = _posterior(n_wins, n_losses, n, rng, n_resamples)
    return _TestResult(
        replicates=replicates,
        p_value=mcnemar_p_value(n_wins, n_losses),
        test=MCNEMAR,
        n_needed=n_needed,
    )


def _posterior(
    n_wins: int, n_losses: int, n: int, rng: np.random.Generator, n_resamples: int
) -> np.ndarray:
    """Draw true differences from the posterior of n examples under Jeffreys' prior.

    B's share of the discordant pairs then has a Beta posterior, also under Jeffreys' prior.
    """
    larger, smaller = (
        max(n_wins, n_losses),
        min(n_wins, n_losses),
    )  # so that swapping the models mirrors the draws
    probabilities = rng.dirichlet(
        [larger + 0.5, smaller + 0.5, n - larger - smaller + 0.5], n_resamples
    )
    return (probabilities[:, 0] - probabilities[:, 1]) * (1 if n_wins >= n_losses else -1)


def mcnemar_p_value(n_wins: int, n_losses: int) -> float:
    """Return the exact two-sided p of McNemar's test."""
    return min(1.0, 2 * float(bdtr(min(n_wins, n_losses), n_wins + n_losses, 0.5)))


def _resample(
    a: PredictionTable,
    gain: np.ndarray,
    delta: float,
    rng: np.random.Generator,
    n_resamples: int,
    confidence: float,
) -> _TestResult:
    """Draw the mean of paired gains, by row or by group, and flip the signs of the gains.

    The p-value is the larger of two: of the draws, and of the signs.
    """
    sums = np.bincount(a.groups, weights=a.weight * gain)
    weights = np.bincount(a.groups, weights=a.weight)
    n_groups, sign = len(sums), -1 if delta < 0 else 1  # swapping the models mirrors the draws
    are_answers = n_groups == len(gain) and answers_per_row(np.abs(gain)) is not None
    if not gain.any():  # no observed difference is no certainty
        replicates = _posterior(0, 0, n_groups, rng, n_resamples)
    elif are_answers:
        replicates = gain_posterior(gain, a.weight, rng, n_resamples)
    elif n_groups == 1:  # one group has no information on others
        largest = max(1.0, float(np.abs(gain).max()))
        replicates = sign * rng.uniform(-largest, largest, n_resamples)
    else:
        replicates = sign * _bootstrap_differences(
            sign * sums, weights, rng, n_resamples, confidence
        )
    p_value = 1.0
    if delta:
        of_signs = sign_flip_p_value(sums, rng, n_resamples)
        p_value = max(_two_sided(replicates), of_signs, 2.0 ** (1 - n_groups))
    n_needed = None
    if delta and n_groups > 1:
        z = NORMAL.inv_cdf(0.975) + NORMAL.inv_cdf(0.8)
        n_needed = max(1, ceil(len(gain) * (z * standard_error(sums, weights) / delta) ** 2))
    test = POSTERIOR if are_answers else BOOTSTRAP
    return _TestResult(
        replicates=replicates, p_value=min(1.0, p_value), test=test, n_needed=n_needed
    )


def _two_sided(replicates: np.ndarray) -> float:
    """Return twice the share of draws on the rarer side of zero."""
    n_in_tail = min(np.sum(replicates <= 0), np.sum(replicates >= 0)) + 1
    return min(1.0, 2 * float(n_in_tail) / (len(replicates) + 1))


def _bootstrap_differences(
    sums: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
    n_resamples: int,
    confidence: float,
) -> np.ndarray:
    """Draw mean differences: Student's t for few groups, normal for very many."""
    n, value = len(sums), float(sums.sum() / weights.sum())
    if MIN_BOOTSTRAP_GROUPS <= n < MIN_NORMAL_GROUPS:
        replicates = bootstrap_replicates(sums, weights, rng, n_resamples)
        return value + (replicates - value) * t_correction(n, confidence)
    noise = (
        rng.standard_t(n - 1, n_resamples)
        if n < MIN_BOOTSTRAP_GROUPS
        else rng.standard_normal(n_resamples)
    )
    return value + standard_error(sums, weights) * noise


def _sentence(
    a: PredictionTable, b: PredictionTable, result: _TestResult, p_b_better: float, alpha: float
) -> str:
    if not np.any(a.loss != b.loss):
        return f"A and B have equal losses on all {len(a):,} examples."
    p_text = "p < 0.001" if result.p_value < 0.001 else f"p = {result.p_value:.3f}"
    name, lower, higher = ("B", b.error, a.error) if b.error <= a.error else ("A", a.error, b.error)
    probability = p_b_better if name == "B" else 1 - p_b_better
    certainty = f"{p_text}; P({name} is better) = {probability:.1%}"
    if result.p_value < alpha:
        return f"{name} is significantly better: {lower:.2%} against {higher:.2%} ({certainty})."
    text = f"A at {a.error:.2%} and B at {b.error:.2%} do not differ significantly ({certainty})"
    needs = _needs(result, len(a))
    return f"{text}; a significant difference of this size needs {needs}." if needs else f"{text}."


def _needs(result: _TestResult, n: int) -> str:
    """Return in words what a significant difference needs, of seeds and of examples."""
    seeds = f"about {result.seeds_needed:,} seeds of each model" if result.seeds_needed else ""
    if result.n_needed is None:
        return seeds and f"{seeds}; more examples alone do not suffice"
    if result.n_needed <= n:
        return seeds
    examples = f"about {result.n_needed:,} examples, not {n:,}"
    return f"{seeds}, or {examples}" if seeds else examples
