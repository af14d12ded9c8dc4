"""Precision, recall and F1 of one class, where a mean over the examples is not what is wanted.

Source: Ng (2018), Machine Learning Yearning, chapter 8; DLS C3 W1 (single number metric); van
Rijsbergen (1979), Information Retrieval, chapter 7 (the harmonic mean).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.errors import FoursplitError, unknown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Weights of the four outcomes of one class against all others; counts, where all weigh 1."""

    true_positive: float
    false_positive: float
    false_negative: float
    true_negative: float

    @property
    def precision(self) -> float:
        """Give the share of the positive answers that is right; 0 where there is none."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """Give the share of the positive examples that is found; 0 where there is none."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def accuracy(self) -> float:
        right = self.true_positive + self.true_negative
        return _share(right, right + self.false_positive + self.false_negative)

    @property
    def f1(self) -> float:
        return f1(self.precision, self.recall)


def f1(precision: float, recall: float) -> float:
    """Give the harmonic mean of two fractions: near 0 where either is, as no plain mean is."""
    for name, value in (("precision", precision), ("recall", recall)):
        if not 0 <= value <= 1:
            raise FoursplitError(f"{name}: {value!r} must be a fraction from 0 to 1")
    return _share(2 * precision * recall, precision + recall)


def confusion(
    y: np.ndarray, y_hat: np.ndarray, positive: object, weight: np.ndarray | None = None
) -> Confusion:
    """Count (example,) classes against (example,) answers; `positive` is the class looked for."""
    y, y_hat = np.asarray(y), np.asarray(y_hat)
    if len(y) != len(y_hat):
        raise FoursplitError(f"{len(y):,} classes, but {len(y_hat):,} answers")
    classes = {*y.tolist(), *y_hat.tolist()}
    if positive not in classes:
        raise unknown_name("class", positive, map(str, classes))
    w = np.ones(len(y)) if weight is None else np.asarray(weight, np.float64)
    is_positive, says_positive = y == positive, y_hat == positive
    return Confusion(
        true_positive=float(w[is_positive & says_positive].sum()),
        false_positive=float(w[~is_positive & says_positive].sum()),
        false_negative=float(w[is_positive & ~says_positive].sum()),
        true_negative=float(w[~is_positive & ~says_positive].sum()),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
