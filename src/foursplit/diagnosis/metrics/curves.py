"""Curves of two classes: ROC, precision over recall, and calibration.

Source: Fawcett (2006), "An introduction to ROC analysis"; Davis and Goadrich (2006), "The
relationship between precision-recall and ROC curves"; Niculescu-Mizil and Caruana (2005),
"Predicting good probabilities with supervised learning".
"""

from dataclasses import dataclass

import numpy as np

from foursplit.diagnosis.metrics import ranking
from foursplit.diagnosis.metrics.answers import Answers

N_BINS = 10  # of the calibration curve: about equally many examples in each


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points of a curve; `n` are the examples of each, where points are bins."""

    x: np.ndarray
    y: np.ndarray
    n: np.ndarray | None = None


def roc_curve(answers: Answers, positive: int) -> Curve | None:
    """Return the share of positives called positive over that of negatives, by threshold.

    None where a table holds one class alone.
    """
    at = _descend(answers, positive)
    if not (at.true.sum() and at.false.sum()):
        return None
    found, alarms = (np.cumsum(side[0]) / side.sum() for side in (at.true, at.false))
    return Curve(x=np.concatenate([[0.0], alarms]), y=np.concatenate([[0.0], found]))


def precision_recall_curve(answers: Answers, positive: int) -> Curve | None:
    """Return precision over recall, by threshold; None where nothing is positive."""
    at = _descend(answers, positive)
    if not at.true.sum():
        return None
    return Curve(x=ranking.recalls(at)[0], y=ranking.precisions(at)[0])


def calibration_curve(answers: Answers, positive: int, n_bins: int = N_BINS) -> Curve:
    """Return the share of positives over the mean probability, in bins of about equal size.

    Examples of equal probability are never divided.
    """
    p = answers.probabilities[:, positive]
    ends = np.unique(np.quantile(p, np.linspace(0, 1, n_bins + 1)[1:-1]))
    code = np.searchsorted(ends, p, side="left")
    weight = np.bincount(code, weights=answers.weight)
    held = weight > 0
    mean = np.bincount(code, weights=answers.weight * p)[held] / weight[held]
    true = np.bincount(code, weights=answers.weight * (answers.y == positive))
    return Curve(x=mean, y=true[held] / weight[held], n=np.bincount(code)[held])


def _descend(answers: Answers, positive: int) -> ranking.Descent:
    is_true = answers.y == positive
    return ranking.descend(answers.ranks[:, positive], is_true, answers.weight[None])
