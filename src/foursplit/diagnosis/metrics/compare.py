"""Two models compared by a metric of whole tables, on the same samples of the same examples.

Source: Koehn (2004), "Statistical significance tests for machine translation evaluation" (paired
bootstrap); Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 15.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from scipy.special import stdtrit

from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.estimate import resample
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.bootstrap import Sampling, percentile_interval
from foursplit.diagnosis.stats.error_posterior import jeffreys_posterior
from foursplit.diagnosis.stats.normal_power import NORMAL
from foursplit.diagnosis.stats.paired_comparison import (
    RECIPES,
    TRAINED,
    Comparison,
    SeedErrors,
    align_rows,
)
from foursplit.diagnosis.stats.seed_variance import t_draws

Tables = Mapping[Any, PredictionTable]
"""A model's tables of one split, by seed."""

SAMPLING = Sampling(n_resamples=2000)

TEST = "paired bootstrap of the metric"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricComparison:
    """The comparison, and the standard deviation of the difference over samples of examples."""

    comparison: Comparison
    deviation: float
    by_seed: tuple[tuple[float, ...], ...]  # the metric of each seed of each model

    def half_width(self, alpha: float) -> float:
        """Return how far above the difference its one-sided bound at confidence 1 - `alpha` is.

        Half-widths of the examples and of each model's seeds add in quadrature, as in
        `stats.non_inferiority`.
        """
        widths = [_t(self.comparison.n_groups, alpha) * self.deviation]
        widths += [
            _t(len(values), alpha) * float(np.std(values, ddof=1)) / sqrt(len(values))
            for values in self.by_seed
            if len(values) > 1
        ]
        return sqrt(sum(width**2 for width in widths))


def compare_metric(
    chosen: ChosenMetric,
    a: Tables,
    b: Tables,
    rng: np.random.Generator,
    sampling: Sampling = SAMPLING,
    *,
    as_error: bool = True,
) -> MetricComparison:
    """Compare two models, each given by its seeds' tables, by a metric; above 0 B is better.

    Values are errors, or with `as_error` false in the metric's own unit, signed so that less is
    better.
    """
    order = next(iter(a.values())).by_name()
    models = [[align_rows(table, order) for table in tables.values()] for tables in (a, b)]
    answers = [[chosen.answers(table.frame) for table in tables] for tables in models]
    metric, args = chosen.metric, chosen.args
    state = rng.bit_generator.state  # the same samples for both, so that they are paired
    found = []
    for of_model in answers:
        rng.bit_generator.state = state
        found.append(resample(metric, args, of_model, order.groups, rng, sampling))
    sign = 1.0 if metric.direction == "minimize" else -1.0

    def errors(values: np.ndarray) -> np.ndarray:
        if as_error:
            return metric.to_error(values, answers[0][0], args)
        return np.asarray(sign * values)

    error_a, error_b = (float(errors(np.array(one.value))) for one in found)
    replicates = errors(found[0].replicates) - errors(found[1].replicates)
    delta = error_a - error_b
    if not np.ptp(replicates) and not delta:  # no observed difference is no certainty
        size = len(replicates)
        replicates = jeffreys_posterior(0.0, found[0].n_groups, rng, size) - jeffreys_posterior(
            0.0, found[0].n_groups, rng, size
        )
    deviation = float(replicates.std(ddof=1))
    seeds = [
        {
            seed: float(errors(np.array(metric.value(one, args))))
            for seed, one in zip(tables, of_model, strict=True)
        }
        for tables, of_model in zip((a, b), answers, strict=True)
    ]
    noisy = replicates + seed_deviations(seeds[0], seeds[1], rng, len(replicates))
    lo, hi = percentile_interval(noisy, sampling.confidence)
    p_value = _two_sided(noisy) if delta else 1.0
    p_b_better = float(np.mean(noisy > 0) + np.mean(noisy == 0) / 2)
    with_seeds = any(len(one) > 1 for one in seeds)
    return MetricComparison(
        comparison=Comparison(
            n=found[0].n,
            n_groups=found[0].n_groups,
            error_a=error_a,
            error_b=error_b,
            delta=delta,
            lo=min(lo, delta),
            hi=max(hi, delta),
            p_value=p_value,
            p_trained=_two_sided(replicates) if delta else 1.0,
            scope=RECIPES if min(map(len, seeds)) > 1 else TRAINED,
            test=f"{TEST} and seeds" if with_seeds else TEST,
            p_b_better=p_b_better,
            discordance=float(np.mean(answers[0][0].y_hat != answers[1][0].y_hat)),
            n_needed=required_examples(found[0].n, deviation, delta),
            seeds_needed=None,
            sentence=_sentence(
                metric.title, error_a, error_b, p_value, p_b_better, 1 - sampling.confidence
            ),
        ),
        deviation=deviation,
        by_seed=tuple(tuple(one.values()) for one in seeds),
    )


def seed_deviations(a: SeedErrors, b: SeedErrors, rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw deviations of the mean difference of two models over seeds.

    Models with equal seeds are paired.
    """
    if len(a) > 1 and a.keys() == b.keys():
        return t_draws([a[seed] - b[seed] for seed in a], rng, n)
    return np.asarray(sum((t_draws(list(one.values()), rng, n) for one in (a, b)), np.zeros(n)))


def _two_sided(replicates: np.ndarray) -> float:
    n_in_tail = min(int(np.sum(replicates <= 0)), int(np.sum(replicates >= 0))) + 1
    return min(1.0, 2 * n_in_tail / (len(replicates) + 1))


def required_examples(
    n: int, deviation: float, gain: float, alpha: float = 0.025, power: float = 0.8
) -> int | None:
    """Return the examples that show a gain, if the variance falls as their number grows."""
    if not gain:
        return None
    z = NORMAL.inv_cdf(1 - alpha) + NORMAL.inv_cdf(power)
    return max(1, ceil(n * (z * deviation / gain) ** 2))


def _t(n: int, alpha: float) -> float:
    return float(stdtrit(max(n - 1, 1), 1 - alpha))


def _sentence(
    title: str, error_a: float, error_b: float, p_value: float, p_b_better: float, alpha: float
) -> str:
    p_text = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
    name, lower, higher = ("B", error_b, error_a) if error_b <= error_a else ("A", error_a, error_b)
    probability = p_b_better if name == "B" else 1 - p_b_better
    certainty = f"{p_text}; P({name} is better) = {probability:.1%}"
    if p_value < alpha:
        return (
            f"{name} is significantly better by {title}: error {lower:.2%} against {higher:.2%} "
            f"({certainty})."
        )
    return (
        f"By {title}, A with error {error_a:.2%} and B with {error_b:.2%} do not differ "
        f"significantly ({certainty})."
    )
