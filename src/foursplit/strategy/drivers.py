"""What the errors on dev are made of that train has less of."""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from foursplit.strategy.bootstrap import Estimate, estimate, interval
from foursplit.strategy.ceiling import Sampling
from foursplit.strategy.columns import is_category
from foursplit.strategy.tables import Table

USUAL = Sampling(resamples=500)


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


def drivers(
    train: Table, dev: Table, rng: np.random.Generator, sampling: Sampling = USUAL, most: int = 10
) -> list[Driver]:
    """List the meta values whose share of dev's error exceeds their share of train the most.

    An error counts by its loss.  What stands here is what train lacks or the model finds hard:
    collect or make more of it.
    """
    train, dev = train.by_name(), dev.by_name()
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


def _values(dev: pd.Series, train: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Give both columns as text; quantities by the quarter of train they lie in."""
    both = pd.concat([dev, train], ignore_index=True)
    if not is_category(both):
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
