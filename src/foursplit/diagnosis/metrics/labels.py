"""Metrics of labels, from confusion matrices: balanced error, precision, recall, F1, costs.

Each takes (sample, class, class) sums of weights, rows true and columns predicted, and returns
(sample,) values.  Of two classes they are of the positive one, of several the mean over the classes
that occur, as scikit-learn's `average="macro"`.

Source: van Rijsbergen (1979), Information Retrieval, chapter 7; Ng (2018), Machine Learning
Yearning, chapter 8; Elkan (2001), "The foundations of cost-sensitive learning", section 1;
Brodersen et al. (2010), "The balanced accuracy and its posterior distribution".
"""

from collections.abc import Callable

import numpy as np

from foursplit.diagnosis.metrics.answers import Answers

Matrices = np.ndarray


def confusion_matrices(answers: Answers, weights: np.ndarray) -> Matrices:
    """Return (sample, class, class) sums of (sample, example) weights."""
    n_classes = len(answers.classes)
    cell = answers.y * n_classes + answers.y_hat
    order = np.argsort(cell, kind="stable")
    occurring, start = np.unique(cell[order], return_index=True)
    found = np.zeros((len(weights), n_classes * n_classes))
    found[:, occurring] = np.add.reduceat(weights[:, order], start, axis=1)
    return found.reshape(-1, n_classes, n_classes)


def ratio(numerator: np.ndarray, denominator: np.ndarray, empty: float) -> np.ndarray:
    """Divide; `empty` where the denominator is 0."""
    filled = np.full(np.broadcast(numerator, denominator).shape, empty)
    return np.divide(numerator, denominator, out=filled, where=denominator > 0)


def _outcomes(matrices: Matrices) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (sample, class) weights of hits, of predictions and of true examples."""
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    return hits, matrices.sum(axis=1), matrices.sum(axis=2)


def precision(matrices: Matrices) -> np.ndarray:
    """Return each class's share of predictions that are right; 0 where nothing is predicted."""
    hits, predicted, _ = _outcomes(matrices)
    return ratio(hits, predicted, 0.0)


def recall(matrices: Matrices) -> np.ndarray:
    """Return each class's share of examples that are found; 0 where there are none."""
    hits, _, true = _outcomes(matrices)
    return ratio(hits, true, 0.0)


def f1(matrices: Matrices) -> np.ndarray:
    """Return each class's harmonic mean of precision and recall."""
    hits, predicted, true = _outcomes(matrices)
    return ratio(2 * hits, predicted + true, 0.0)


def of_classes(
    measure: Callable[[Matrices], np.ndarray], matrices: Matrices, positive: int | None
) -> np.ndarray:
    """Return a measure of the positive class, or its mean over the classes that occur.

    NaN where no example is positive: no model can find what is not there.
    """
    found = measure(matrices)
    _, predicted, true = _outcomes(matrices)
    if positive is not None:
        return np.where(true[:, positive] > 0, found[:, positive], np.nan)
    occurs = predicted + true > 0
    return ratio((found * occurs).sum(axis=1), occurs.sum(axis=1), np.nan)


def balanced_error(matrices: Matrices) -> np.ndarray:
    """Return the mean over the true classes of the share of their examples that are wrong."""
    hits, _, true = _outcomes(matrices)
    occurs = true > 0
    wrong = np.where(occurs, 1 - ratio(hits, true, 0.0), 0.0)
    return ratio(wrong.sum(axis=1), occurs.sum(axis=1), np.nan)
