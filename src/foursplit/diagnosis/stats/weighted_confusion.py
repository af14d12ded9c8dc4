"""Precision, recall and F1 of one class, with example weights.

Source: Ng (2018), Machine Learning Yearning, chapter 8; DLS C3 W1 (single number metric); van
Rijsbergen (1979), Information Retrieval, chapter 7 (the harmonic mean).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.errors import FoursplitError, unknown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedConfusion:
    """Summed weights of the four outcomes of one class against all others."""

    true_positive: float
    false_positive: float
    false_negative: float
    true_negative: float

    @property
    def precision(self) -> float:
        """Return the share of positive predictions that is correct; 0 if there is none."""
        return _ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """Return the share of positive examples that is predicted positive; 0 if there is none."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def accuracy(self) -> float:
        correct = self.true_positive + self.true_negative
        return _ratio(correct, correct + self.false_positive + self.false_negative)

    @property
    def f1(self) -> float:
        return f1_score(self.precision, self.recall)


def f1_score(precision: float, recall: float) -> float:
    """Return the harmonic mean of precision and recall."""
    for name, value in (("precision", precision), ("recall", recall)):
        if not 0 <= value <= 1:
            raise FoursplitError(f"{name}: {value!r} must be a fraction from 0 to 1")
    return _ratio(2 * precision * recall, precision + recall)


def weighted_confusion(
    y: np.ndarray, y_hat: np.ndarray, positive: object, weight: np.ndarray | None = None
) -> WeightedConfusion:
    """Return the weighted outcomes of (example,) labels `y` and predictions `y_hat`."""
    y, y_hat = np.asarray(y), np.asarray(y_hat)
    if len(y) != len(y_hat):
        raise FoursplitError(f"{len(y):,} labels, but {len(y_hat):,} predictions")
    classes = {*y.tolist(), *y_hat.tolist()}
    if positive not in classes:
        raise unknown_name("class", positive, map(str, classes))
    weights = np.ones(len(y)) if weight is None else np.asarray(weight, np.float64)
    is_labeled_positive, is_predicted_positive = y == positive, y_hat == positive
    return WeightedConfusion(
        true_positive=float(weights[is_labeled_positive & is_predicted_positive].sum()),
        false_positive=float(weights[~is_labeled_positive & is_predicted_positive].sum()),
        false_negative=float(weights[is_labeled_positive & ~is_predicted_positive].sum()),
        true_negative=float(weights[~is_labeled_positive & ~is_predicted_positive].sum()),
    )


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0
