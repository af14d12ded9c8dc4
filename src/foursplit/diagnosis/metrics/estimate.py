"""Metrics of whole tables with intervals: groups are resampled, the metric is computed again.

All samples are drawn at once as counts of each group, and metrics take counts as weights.  Two
models, and the seeds of a model, are scored on the same samples, so that they are paired.

Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 6, 11 and 13.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isnan
from typing import Any

import numpy as np

from foursplit.diagnosis.metrics.answers import Answers
from foursplit.diagnosis.metrics.metric import Metric, MetricArgs
from foursplit.diagnosis.stats.bootstrap import (
    MIN_BOOTSTRAP_GROUPS,
    Estimate,
    Sampling,
    draw_groups,
    percentile_interval,
    t_correction,
)
from foursplit.diagnosis.stats.error_posterior import jeffreys_posterior

DIGITS = 12  # sums of weights differ beyond them by their order

MAX_CELLS = 1_000_000  # samples times examples in memory at once: 8 MB of weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """A metric on the table itself and on samples of it, each the mean over the seeds."""

    value: float
    replicates: np.ndarray
    n: int
    n_groups: int
    degenerate: bool  # no sample differs


def resample(
    metric: Metric,
    args: MetricArgs,
    models: Sequence[Answers],
    groups: np.ndarray,
    rng: np.random.Generator,
    sampling: Sampling,
) -> Samples:
    """Compute a metric, the mean over `models` (seeds), on samples of the groups.

    With few groups the samples follow Student's t with the jackknife's standard error.  A sample on
    which the metric is not defined, such as one without a positive, is replaced by another.
    """
    n_resamples, confidence = sampling.n_resamples, sampling.confidence
    weight = models[0].weight
    value = _mean(metric, args, models, weight[None])[0]
    _, code = np.unique(groups, return_inverse=True)
    n = int(code.max()) + 1
    if n == 1:  # one group has no information on others
        replicates = rng.uniform(0.0, max(1.0, value), n_resamples)
    elif n < MIN_BOOTSTRAP_GROUPS:
        left_out = (1 - np.eye(n))[:, code] * weight
        error = _jackknife_error(_mean(metric, args, models, left_out))
        replicates = value + error * rng.standard_t(n - 1, n_resamples)
    else:
        found = np.concatenate(
            [
                _mean(metric, args, models, weights)
                for weights in _sample_weights(n, code, weight, rng, n_resamples)
            ]
        )
        defined = found[~np.isnan(found)]
        found = np.resize(defined, n_resamples) if len(defined) else np.full(n_resamples, value)
        replicates = value + (found - value) * t_correction(n, confidence)
    return Samples(
        value=round(float(value), DIGITS),
        replicates=replicates.round(DIGITS),
        n=len(code),
        n_groups=n,
        degenerate=bool(np.ptp(replicates) < 10.0**-DIGITS),
    )


def estimate_metric(
    metric: Metric,
    args: MetricArgs,
    models: Sequence[Answers],
    groups: np.ndarray,
    rng: np.random.Generator,
    sampling: Sampling,
) -> Estimate | None:
    """Estimate a metric with its interval, in its own unit; None where it is not defined."""
    samples = resample(metric, args, models, groups, rng, sampling)
    if isnan(samples.value):
        return None
    worst, best = (inf, 0.0) if metric.direction == "minimize" else (-inf, 1.0)
    if metric.direction == "maximize" and metric.kind == "classes":
        worst = 0.0
    if metric.direction == "minimize" and metric.name in ("balanced_error", "brier"):
        worst = 1.0
    replicates = np.clip(samples.replicates, min(worst, best), max(worst, best))
    value = samples.value
    if samples.degenerate and value in (worst, best):
        # Jeffreys' prior says how many groups may differ unseen, each by all that it can.
        differ = jeffreys_posterior(0.0, samples.n_groups, rng, sampling.n_resamples)
        sign = 1.0 if value == min(worst, best) else -1.0
        replicates = value + sign * differ
        lo, hi = sorted((value, value + sign * float(np.quantile(differ, sampling.confidence))))
    else:
        lo, hi = percentile_interval(replicates, sampling.confidence)
    return Estimate(
        value=value,
        lo=min(lo, value),
        hi=max(hi, value),
        n=samples.n,
        n_groups=samples.n_groups,
        replicates=replicates,
    )


def _mean(
    metric: Metric, args: MetricArgs, models: Sequence[Answers], weights: np.ndarray
) -> np.ndarray:
    found = np.stack([metric.evaluate(answers, args, weights) for answers in models])
    return np.asarray(found.mean(axis=0))


_SAMPLES: dict[Hashable, tuple[list[np.ndarray], Mapping[str, Any]]] = {}
"""Weights of samples that were drawn last, with the generator's state after them.

The seeds of an experiment are evaluated one after the other on the same samples.
"""

MAX_SAMPLES = 8  # a metric has one each; 8 MB at most


def _sample_weights(
    n_groups: int, code: np.ndarray, weight: np.ndarray, rng: np.random.Generator, n_resamples: int
) -> Iterator[np.ndarray]:
    """Draw samples of the groups; yield (sample, example) weights, in blocks of memory."""
    if n_resamples * len(code) > MAX_CELLS:
        for counts in _counts(n_groups, len(code), rng, n_resamples):
            yield counts[:, code] * weight
        return
    state = str(rng.bit_generator.state)
    key = (state, n_groups, n_resamples, code.tobytes(), weight.tobytes())
    if key not in _SAMPLES:
        blocks = [c[:, code] * weight for c in _counts(n_groups, len(code), rng, n_resamples)]
        if len(_SAMPLES) == MAX_SAMPLES:
            _SAMPLES.pop(next(iter(_SAMPLES)))
        _SAMPLES[key] = blocks, rng.bit_generator.state
    blocks, rng.bit_generator.state = _SAMPLES[key]
    yield from blocks


def _counts(
    n_groups: int, n: int, rng: np.random.Generator, n_resamples: int
) -> Iterator[np.ndarray]:
    """Draw how often each group is in each sample, (sample, group); blocks that fit in memory."""
    for drawn in draw_groups(n_groups, rng, n_resamples, MAX_CELLS * n_groups // max(n, n_groups)):
        cells = drawn.astype(np.int64) + np.arange(len(drawn))[:, None] * n_groups
        counts = np.bincount(cells.ravel(), minlength=len(drawn) * n_groups)
        yield counts.reshape(len(drawn), n_groups).astype(np.float64)


def _jackknife_error(found: np.ndarray) -> float:
    found = found[~np.isnan(found)]
    n = len(found)
    return float(np.sqrt((n - 1) / n * ((found - found.mean()) ** 2).sum())) if n > 1 else 0.0
