"""Metrics of scores: the area under the ROC curve and the average precision, of weighted examples.

Each takes (example,) scores and truth and (sample, example) weights, and returns (sample,) values;
equal scores come as one.

Source: Hanley and McNeil (1982), "The meaning and use of the area under a ROC curve"; Fawcett
(2006), "An introduction to ROC analysis"; Manning, Raghavan and Schuetze (2008), Introduction to
Information Retrieval, section 8.4 (average precision).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from foursplit.diagnosis.metrics.answers import Answers
from foursplit.diagnosis.metrics.labels import ratio

Ranking = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """Sums of weights at each distinct score, from the highest down, (sample, score) each."""

    threshold: np.ndarray  # (score,)
    true: np.ndarray
    false: np.ndarray


def descend(score: np.ndarray, is_true: np.ndarray, weights: np.ndarray) -> Descent:
    """Return the weights of true and false examples at each score, from the highest down."""
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    start = np.flatnonzero(np.diff(ordered, prepend=np.inf))
    of_order = weights[:, order]
    total = np.add.reduceat(of_order, start, axis=1)
    true = np.add.reduceat(of_order * is_true[order], start, axis=1)
    return Descent(threshold=ordered[start], true=true, false=total - true)


def roc_auc(score: np.ndarray, is_true: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the chance that a true example scores above a false one; a tie counts half.

    NaN where there is no true or no false example.
    """
    at = descend(score, is_true, weights)
    found = np.cumsum(at.true, axis=1)
    pairs = (at.false * (found - at.true / 2)).sum(axis=1)
    return ratio(pairs, at.true.sum(axis=1) * at.false.sum(axis=1), np.nan)


def average_precision(score: np.ndarray, is_true: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean over the true examples of the precision at their score.

    NaN where no example is true.
    """
    at = descend(score, is_true, weights)
    precision = precisions(at)
    return ratio((at.true * precision).sum(axis=1), at.true.sum(axis=1), np.nan)


def precisions(at: Descent) -> np.ndarray:
    """Return (sample, score) precision of calling positive what scores at least so high."""
    found, called = np.cumsum(at.true, axis=1), np.cumsum(at.true + at.false, axis=1)
    return ratio(found, called, 0.0)


def recalls(at: Descent) -> np.ndarray:
    """Return (sample, score) recall of calling positive what scores at least so high."""
    return ratio(np.cumsum(at.true, axis=1), at.true.sum(axis=1, keepdims=True), np.nan)


def of_classes(
    measure: Ranking, answers: Answers, weights: np.ndarray, positive: int | None
) -> np.ndarray:
    """Return a measure of the positive class, or its mean over the classes, each against the rest.

    A class for which it is not defined in a sample is left out of the mean.
    """
    scores = answers.ranks
    if positive is not None:
        return measure(scores[:, positive], answers.y == positive, weights)
    found = np.stack(
        [
            measure(scores[:, label], answers.y == label, weights)
            for label in range(len(answers.classes))
        ]
    )
    known = ~np.isnan(found)
    return ratio(np.where(known, found, 0.0).sum(axis=0), known.sum(axis=0), np.nan)
