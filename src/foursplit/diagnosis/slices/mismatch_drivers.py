"""What the errors on dev are made of that train has less of."""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from foursplit.diagnosis.ceiling.bootstrap import Sampling
from foursplit.diagnosis.prediction_table import META, Table
from foursplit.diagnosis.stats.bootstrap import Estimate, estimate, interval
from foursplit.diagnosis.stats.categorical import Coded, coded

USUAL = Sampling(resamples=500)
MOST = 10
LEAST = 5  # errors with a value: of names that hardly repeat nothing is learnt


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
    sure: bool  # dev has more of it than train, and its errors too, however many values were tried

    @property
    def excess(self) -> float:
        return self.share_of_errors - self.share_of_train

    @property
    def where(self) -> str:
        return f"{self.column.removeprefix(META)} = {self.value}"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "excess": self.excess, "where": self.where}


def drivers(
    train: Table, dev: Table, rng: np.random.Generator, sampling: Sampling = USUAL, most: int = MOST
) -> list[Driver]:
    """List the meta values whose share of dev's error exceeds their share of train the most.

    An error counts by its loss.  What stands here is what train lacks or the model finds hard:
    collect or make more of it.
    """
    train, dev = train.by_name(), dev.by_name()
    is_wrong = dev.is_error & (dev.loss > 0)
    wrong = dev.take(is_wrong)
    mass = wrong.loss * wrong.weight
    found, tried = [], 0
    for name in [name for name in dev.searched if train.has(name) and len(wrong)]:
        column = coded(name, dev.frame[name], train.frame[name])
        of_wrong = _shares(column.first[is_wrong], mass, column)
        gains = of_wrong - _shares(column.second, train.weight, column)
        enough = np.bincount(column.first[is_wrong], minlength=len(gains)) >= LEAST
        tried += int(enough.sum())
        kept = np.flatnonzero((gains > 0) & enough)
        found += [(-gains[code], name, column.labels[code], code, column) for code in kept]
    found.sort(key=lambda one: one[:3])
    z = NormalDist().inv_cdf(1 - (1 - sampling.confidence) / (2 * max(1, tried)))  # Bonferroni
    made = []
    for _, _, value, code, column in found[:most]:
        errors = _estimate(wrong, column.first[is_wrong] == code, mass, rng, sampling)
        seen = _estimate(dev, column.first == code, dev.weight, rng, sampling)
        learnt = _estimate(train, column.second == code, train.weight, rng, sampling)
        lo, hi = interval(errors.draws - learnt.draws, sampling.confidence)
        made.append(
            Driver(
                column=column.name,
                value=value,
                share_of_errors=errors.value,
                share_of_dev=seen.value,
                share_of_train=learnt.value,
                lo=lo,
                hi=hi,
                sure=_exceeds(errors, learnt, z) and _exceeds(seen, learnt, z),
            )
        )
    return made


def _exceeds(more: Estimate, less: Estimate, z: float) -> bool:
    return more.value - less.value > z * float(np.std(more.draws - less.draws))


def _shares(code: np.ndarray, weight: np.ndarray, column: Coded) -> np.ndarray:
    """Give each value's share of the weight."""
    return np.bincount(code, weights=weight, minlength=len(column.labels)) / weight.sum()


def _estimate(
    table: Table, here: np.ndarray, weight: np.ndarray, rng: np.random.Generator,
    sampling: Sampling,
) -> Estimate:  # fmt: skip
    return estimate(
        here.astype(np.float64), weight, table.groups, rng,
        resamples=sampling.resamples, confidence=sampling.confidence,
    )  # fmt: skip
