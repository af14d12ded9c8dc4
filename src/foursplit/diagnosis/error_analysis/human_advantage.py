"""Subsets on which people are still better, once the model is better on the whole.

There the usual work goes on: people can label, explain their answers, and set the level to reach.
Source: Ng (2018), Machine Learning Yearning, chapter 35; Ng, DLS C3 W1 (surpassing human-level
performance).
"""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.ceiling.bootstrap import Sampling
from foursplit.diagnosis.prediction_table import META, PredictionTable
from foursplit.diagnosis.stats.bootstrap import estimate
from foursplit.diagnosis.stats.categorical import EncodedPair, encode_pair

LEAST = 20  # groups of examples with a value: fewer tell nothing of it
MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """Examples that share a value, on which people err less than the model."""

    column: str
    value: str
    n: int
    model: float
    human: float
    lo: float  # of the model's error less people's, on the same examples
    hi: float
    recoverable: float  # error that would go if the model were as good there as people
    sure: bool  # beyond chance, however many values were tried

    @property
    def where(self) -> str:
        return f"{self.column.removeprefix(META)} = {self.value}"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "where": self.where}


def find_human_advantage(
    dev: PredictionTable, rng: np.random.Generator, sampling: Sampling
) -> list[Subset]:
    """List the values of `domain` and meta columns where people are better, most to gain first."""
    dev = dev.by_name()
    more = dev.loss - dev.frame["human_loss"].to_numpy(np.float64)
    there = np.isfinite(more)
    dev, more = dev.take(there), more[there]
    found: list[tuple[float, str, str, np.ndarray]] = []
    tried = 0
    for name in [*(["domain"] if dev.has("domain") else []), *dev.searched]:
        column = encode_pair(name, dev.frame[name], dev.frame[name])
        gains, enough = _gains(dev, more, column)
        tried += int(enough.sum())
        kept = np.flatnonzero(enough & (gains > 0))
        found += [(-gains[k], name, column.labels[k], column.first == k) for k in kept]
    found.sort(key=lambda one: one[:3])
    z = NormalDist().inv_cdf(1 - (1 - sampling.confidence) / (2 * max(1, tried)))  # Bonferroni
    return [
        _subset(dev, more, here, (name, value), z, (rng, sampling))
        for _, name, value, here in found[:MOST]
    ]


def _gains(
    dev: PredictionTable, more: np.ndarray, column: EncodedPair
) -> tuple[np.ndarray, np.ndarray]:
    """Return the error that each value costs beyond people, and which values have enough groups."""
    n = len(column.labels)
    lost = np.bincount(column.first, weights=more * dev.weight, minlength=n)
    pairs = pd.unique(dev.groups.astype(np.int64) * n + column.first)
    return lost / dev.weight.sum(), np.bincount(pairs % n, minlength=n) >= LEAST


def _subset(
    dev: PredictionTable,
    more: np.ndarray,
    here: np.ndarray,
    named: tuple[str, str],
    z: float,
    how: tuple[np.random.Generator, Sampling],
) -> Subset:
    """Compare model and people on the same examples."""
    weight, (rng, sampling) = dev.weight[here], how
    found = estimate(
        more[here],
        weight,
        dev.groups[here],
        rng,
        n_resamples=sampling.n_resamples,
        confidence=sampling.confidence,
    )
    model = float(np.average(dev.loss[here], weights=weight))
    return Subset(
        column=named[0],
        value=named[1],
        n=int(here.sum()),
        model=model,
        human=model - found.value,
        lo=found.lo,
        hi=found.hi,
        recoverable=found.value * float(weight.sum() / dev.weight.sum()),
        sure=found.value > z * float(np.std(found.replicates)),
    )
