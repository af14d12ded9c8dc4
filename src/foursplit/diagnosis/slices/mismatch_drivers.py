"""Values that are more frequent among dev errors than in train: drivers of the data mismatch."""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from foursplit.diagnosis.ceiling.bootstrap import Sampling
from foursplit.diagnosis.prediction_table import META, PredictionTable
from foursplit.diagnosis.stats.bootstrap import Estimate, estimate, percentile_interval
from foursplit.diagnosis.stats.categorical import EncodedPair, encode_pair

DEFAULT_SAMPLING = Sampling(n_resamples=500)
MAX_DRIVERS = 10
MIN_ERRORS = 5  # errors with a value: rarer values are not reported


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
    sure: bool  # dev and its errors have significantly more of it than train

    @property
    def excess(self) -> float:
        return self.share_of_errors - self.share_of_train

    @property
    def where(self) -> str:
        return f"{self.column.removeprefix(META)} = {self.value}"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "excess": self.excess, "where": self.where}


def find_drivers(
    train: PredictionTable,
    dev: PredictionTable,
    rng: np.random.Generator,
    sampling: Sampling = DEFAULT_SAMPLING,
    most: int = MAX_DRIVERS,
) -> list[Driver]:
    """List the meta values whose share of dev error exceeds their share of train the most.

    An error counts by its loss.  These values are rare in train or hard for the model: collect or
    synthesize more of them.
    """
    train, dev = train.by_name(), dev.by_name()
    is_wrong = dev.is_error & (dev.loss > 0)
    errors = dev.take(is_wrong)
    error_mass = errors.loss * errors.weight
    candidates, n_tested = [], 0
    for name in [name for name in dev.searched if train.has(name) and len(errors)]:
        column = encode_pair(name, dev.frame[name], train.frame[name])
        error_shares = _shares(column.first[is_wrong], error_mass, column)
        excess = error_shares - _shares(column.second, train.weight, column)
        is_frequent = np.bincount(column.first[is_wrong], minlength=len(excess)) >= MIN_ERRORS
        n_tested += int(is_frequent.sum())
        codes = np.flatnonzero((excess > 0) & is_frequent)
        candidates += [(-excess[code], name, column.labels[code], code, column) for code in codes]
    candidates.sort(key=lambda one: one[:3])
    z = NormalDist().inv_cdf(1 - (1 - sampling.confidence) / (2 * max(1, n_tested)))  # Bonferroni
    results = []
    for _, _, value, code, column in candidates[:most]:
        error_share = _estimate(errors, column.first[is_wrong] == code, error_mass, rng, sampling)
        dev_share = _estimate(dev, column.first == code, dev.weight, rng, sampling)
        train_share = _estimate(train, column.second == code, train.weight, rng, sampling)
        lo, hi = percentile_interval(
            error_share.replicates - train_share.replicates, sampling.confidence
        )
        results.append(
            Driver(
                column=column.name,
                value=value,
                share_of_errors=error_share.value,
                share_of_dev=dev_share.value,
                share_of_train=train_share.value,
                lo=lo,
                hi=hi,
                sure=_exceeds(error_share, train_share, z) and _exceeds(dev_share, train_share, z),
            )
        )
    return results


def _exceeds(more: Estimate, less: Estimate, z: float) -> bool:
    return more.value - less.value > z * float(np.std(more.replicates - less.replicates))


def _shares(code: np.ndarray, weight: np.ndarray, column: EncodedPair) -> np.ndarray:
    """Return each value's share of the weight."""
    return np.bincount(code, weights=weight, minlength=len(column.labels)) / weight.sum()


def _estimate(
    table: PredictionTable,
    is_value: np.ndarray,
    weight: np.ndarray,
    rng: np.random.Generator,
    sampling: Sampling,
) -> Estimate:
    return estimate(
        is_value.astype(np.float64),
        weight,
        table.groups,
        rng,
        n_resamples=sampling.n_resamples,
        confidence=sampling.confidence,
    )
