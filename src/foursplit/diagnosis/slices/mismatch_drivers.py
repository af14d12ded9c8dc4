"""Values that are more frequent among dev errors than in train: drivers of the data mismatch.

Source: Ng (2018), Machine Learning Yearning, chapters 14 and 42.
"""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from foursplit.diagnosis.ceiling.bootstrap import Sampling
from foursplit.diagnosis.error_analysis.tags import ratio_interval
from foursplit.diagnosis.prediction_table import META, PredictionTable
from foursplit.diagnosis.slices.encoding import EncodedDev
from foursplit.diagnosis.slices.significance import recoverable_error, slice_p_value
from foursplit.diagnosis.stats.bootstrap import Estimate, estimate, percentile_interval
from foursplit.diagnosis.stats.categorical import EncodedPair, encode_pair

DEFAULT_SAMPLING = Sampling(n_resamples=500)
MAX_DRIVERS = 10
KNOWN_BY_TRAIN = "_learnt"  # end of a column's name
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
    lift: float | None  # share of dev errors over share of right answers; None if losses are graded
    lift_lo: float | None
    lift_hi: float | None
    recoverable: (
        float | None
    )  # dev error that would go at the rest's error; None: all of dev has it
    recoverable_lo: float | None
    recoverable_hi: float | None
    known_by_train: bool  # it says whether train knows the example: train cannot have more of it
    is_rarer: bool  # dev and its errors have significantly more of it than train
    is_harder: bool  # dev errs significantly more on it than on the rest of dev

    @property
    def sure(self) -> bool:
        """Check whether more such training data is worth advising: rare, harder, and to be had."""
        return self.is_rarer and self.is_harder and not self.known_by_train

    @property
    def excess(self) -> float:
        return self.share_of_errors - self.share_of_train

    @property
    def where(self) -> str:
        return f"{self.column.removeprefix(META)} = {self.value}"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "sure": self.sure, "excess": self.excess, "where": self.where}


def find_drivers(
    train: PredictionTable,
    dev: PredictionTable,
    rng: np.random.Generator,
    sampling: Sampling = DEFAULT_SAMPLING,
    most: int = MAX_DRIVERS,
) -> list[Driver]:
    """List the meta values whose share of dev error exceeds their share of train the most.

    An error counts by its loss.  A value that train lacks is no driver by that alone: it is one if
    dev errs more on it than on the rest of dev.
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
    dev_losses = _losses(dev)
    results = []
    for _, _, value, code, column in candidates[:most]:
        error_share = _estimate(errors, column.first[is_wrong] == code, error_mass, rng, sampling)
        dev_share = _estimate(dev, column.first == code, dev.weight, rng, sampling)
        train_share = _estimate(train, column.second == code, train.weight, rng, sampling)
        lo, hi = percentile_interval(
            error_share.replicates - train_share.replicates, sampling.confidence
        )
        inside = column.first == code
        p = slice_p_value(dev_losses, inside)
        results.append(
            Driver(
                column=column.name,
                value=value,
                share_of_errors=error_share.value,
                share_of_dev=dev_share.value,
                share_of_train=train_share.value,
                lo=lo,
                hi=hi,
                **_contrast(dev_losses, inside, sampling.confidence),
                known_by_train=is_known_by_train(column.name),
                is_rarer=_exceeds(error_share, train_share, z)
                and _exceeds(dev_share, train_share, z),
                is_harder=p <= (1 - sampling.confidence) / (2 * max(1, n_tested)),
            )
        )
    return results


def is_known_by_train(column: str) -> bool:
    """Check whether a column says how well train knows the example, such as `user_learnt`.

    More data cannot change it: an example in train is known by definition.
    """
    return column.endswith(KNOWN_BY_TRAIN)


def _losses(dev: PredictionTable) -> EncodedDev:
    grouped = int(dev.groups.max()) + 1 < len(dev)
    plain = not grouped and bool(np.isin(dev.loss, (0.0, 1.0)).all())
    return EncodedDev(
        names=[],
        labels=[],
        codes=np.empty((0, len(dev)), np.uint8),
        loss=dev.loss,
        weight=dev.weight / dev.weight.mean(),
        groups=dev.groups,
        grouped=grouped,
        plain=plain and bool((dev.weight == dev.weight[0]).all()),
    )


def _contrast(dev: EncodedDev, inside: np.ndarray, confidence: float) -> dict[str, float | None]:
    """Compare the examples inside with the rest of dev; None where there is no rest."""
    names = ("recoverable", "recoverable_lo", "recoverable_hi", "lift", "lift_lo", "lift_hi")
    if inside.all():
        return dict.fromkeys(names)
    values: tuple[float | None, ...] = recoverable_error(dev, inside, confidence)
    return dict(zip(names, (*values, *_lift(dev, inside, confidence)), strict=True))


def _lift(
    dev: EncodedDev, inside: np.ndarray, confidence: float
) -> tuple[float | None, float | None, float | None]:
    is_right = dev.loss == 0
    if not np.isin(dev.loss, (0.0, 1.0)).all() or is_right.all() or not is_right.any():
        return None, None, None
    a, b = int((inside & ~is_right).sum()), int((inside & is_right).sum())
    n, m = int((~is_right).sum()), int(is_right.sum())
    clustering = len(dev.loss) / (int(dev.groups.max()) + 1)
    lo, hi = ratio_interval(a, n, b, m, confidence, clustering)
    return (a * m / (n * b) if b else None), lo, hi


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
