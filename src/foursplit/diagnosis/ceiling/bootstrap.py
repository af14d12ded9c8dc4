"""Ceiling analysis: the gain in error if one component were perfect, with intervals.

Source: Ng, CS229 (2011), advice on applying machine learning (ceiling analysis); Ng (2018), Machine
Learning Yearning, chapters 53-55.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.verdict import SLACK
from foursplit.diagnosis.stats.bootstrap import (
    MIN_NORMAL_GROUPS,
    draw_groups,
    percentile_interval,
    t_correction,
)
from foursplit.diagnosis.stats.bootstrap import (
    Sampling as Sampling,
)

Metric = Callable[[np.ndarray, np.ndarray], float]
"""Maps (example, ...) losses and (example,) weights to an error: lower is better."""

MIN_GROUPS = 3  # groups: fewer give no interval


DEFAULT_SAMPLING = Sampling()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The reduction in error; no interval if there are too few groups."""

    value: float
    lo: float | None
    hi: float | None
    before: float
    after: float
    n: int
    n_groups: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapReplicates:
    """A metric of several systems on the same examples and on the same bootstrap replicates."""

    values: np.ndarray  # (system,)
    replicates: np.ndarray  # (replicate, system)
    n: int
    n_groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanLoss:
    """The weighted mean loss; its replicates are computed from sums over groups."""

    weight: np.ndarray | None = None  # (example,)

    def __call__(self, losses: np.ndarray, times: np.ndarray) -> float:
        return float(np.average(losses, weights=self.example_weights(len(losses)) * times))

    def example_weights(self, n: int) -> np.ndarray:
        return np.ones(n) if self.weight is None else self.weight


mean_loss = MeanLoss()


def ceiling(
    metric: Metric,
    prediction_losses: np.ndarray,
    fixed_losses: np.ndarray,
    groups: np.ndarray,
    rng: np.random.Generator,
    sampling: Sampling = DEFAULT_SAMPLING,
) -> Ceiling:
    """Return the reduction in error if a component's outputs are replaced by the truth.

    Both use the same bootstrap replicates, so shared variation cancels.
    """
    bootstrapped = bootstrap_metrics(
        metric, [prediction_losses, fixed_losses], groups, rng, sampling
    )
    return contrast(bootstrapped, np.array([1.0, -1.0]), (0, 1), sampling)


def error_types(
    losses: np.ndarray,
    fixed: Mapping[str, np.ndarray],
    groups: np.ndarray,
    rng: np.random.Generator,
    sampling: Sampling = DEFAULT_SAMPLING,
    metric: Metric = mean_loss,
) -> dict[str, Ceiling]:
    """Return each error type's ceiling, largest first; ceilings do not add up.

    Source: Bolya, Foley, Hays and Hoffman (2020), TIDE: A General Toolbox for Identifying Object
    Detection Errors.
    """
    names = sorted(fixed)
    bootstrapped = bootstrap_metrics(
        metric, [losses, *(fixed[name] for name in names)], groups, rng, sampling
    )
    ceilings = {}
    for k, name in enumerate(names, start=1):
        step = np.zeros(len(names) + 1)
        step[[0, k]] = 1.0, -1.0
        ceilings[name] = contrast(bootstrapped, step, (0, k), sampling)
    return dict(sorted(ceilings.items(), key=lambda pair: -pair[1].value))


def bootstrap_metrics(
    metric: Metric,
    systems: Sequence[np.ndarray],
    groups: np.ndarray,
    rng: np.random.Generator,
    sampling: Sampling,
) -> BootstrapReplicates:
    """Return the metric of each system, and its bootstrap replicates over groups."""
    systems = [np.asarray(losses, dtype=np.float64) for losses in systems]
    sizes = {len(groups), *(len(losses) for losses in systems)}
    if len(sizes) != 1 or 0 in sizes:
        raise FoursplitError(
            f"losses and groups must have the same number of examples, not {sorted(sizes)}"
        )
    group_names, code = np.unique(groups, return_inverse=True)
    ones = np.ones(len(code))
    values = np.array([metric(losses, ones) for losses in systems])
    n, n_resamples = len(group_names), sampling.n_resamples
    if isinstance(metric, MeanLoss):
        weight = metric.example_weights(len(code))
        resample = _normal_means if n >= MIN_NORMAL_GROUPS else _bootstrap_means
        replicates = resample(values, *_sums(systems, code, weight), rng, n_resamples)
    else:
        replicates = np.array(
            [
                [metric(losses, np.bincount(drawn, minlength=n)[code]) for losses in systems]
                for block in draw_groups(n, rng, n_resamples)
                for drawn in block
            ]
        )
    return BootstrapReplicates(values=values, replicates=replicates, n=len(code), n_groups=n)


def _normal_means(
    values: np.ndarray,
    sizes: np.ndarray,
    sums: np.ndarray,
    rng: np.random.Generator,
    n_resamples: int,
) -> np.ndarray:
    """Draw (replicate, system) means as jointly normal, for very many groups."""
    residual = (sums - sizes[:, None] * values) / sizes.sum()  # (group, system)
    return np.asarray(rng.multivariate_normal(values, residual.T @ residual, n_resamples))


def _bootstrap_means(
    _values: np.ndarray,
    sizes: np.ndarray,
    sums: np.ndarray,
    rng: np.random.Generator,
    n_resamples: int,
) -> np.ndarray:
    """Return the (replicate, system) means of groups drawn with replacement."""
    blocks = []
    for drawn in draw_groups(len(sizes), rng, n_resamples):
        means = [column[drawn].sum(axis=1) for column in sums.T]
        blocks.append(np.stack(means, axis=1) / sizes[drawn].sum(axis=1)[:, None])
    return np.concatenate(blocks)


def _sums(
    systems: Sequence[np.ndarray], code: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each group's weight, and its (group, system) weighted losses."""
    sums = [np.bincount(code, weights=losses * weight) for losses in systems]
    return np.bincount(code, weights=weight), np.stack(sums, axis=1)


def contrast(
    bootstrapped: BootstrapReplicates,
    weights: np.ndarray,
    ends: tuple[int, int],
    sampling: Sampling,
) -> Ceiling:
    """Return a linear contrast of the systems' metrics; `ends` are the systems before and after."""
    value = float(bootstrapped.values @ weights)
    lo = hi = None
    if bootstrapped.n_groups >= MIN_GROUPS:
        replicates = bootstrapped.replicates @ weights
        # With few groups percentiles are too narrow.
        widened = value + (replicates - value) * t_correction(
            bootstrapped.n_groups, sampling.confidence
        )
        lo, hi = percentile_interval(widened, sampling.confidence)
        if np.ptp(replicates) < SLACK and abs(value) < SLACK:  # no observed change is no certainty
            hi = 1 - (1 - sampling.confidence) ** (1 / bootstrapped.n_groups)
        lo, hi = min(lo, value), max(hi, value)
    return Ceiling(
        value=value,
        lo=lo,
        hi=hi,
        before=float(bootstrapped.values[ends[0]]),
        after=float(bootstrapped.values[ends[1]]),
        n=bootstrapped.n,
        n_groups=bootstrapped.n_groups,
    )
