"""The baseline of a metric: the constant answer that is best for it on train.

Source: scikit-learn's `DummyClassifier` and `DummyRegressor`; Ng (2018), Machine Learning Yearning,
chapter 8 (a metric must not reward the constant).
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from foursplit.diagnosis.metrics.answers import PROBA, Answers
from foursplit.diagnosis.metrics.chosen import ChosenMetric


def constant_frame(chosen: ChosenMetric, frame: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the baseline's answers, and its losses where the metric has them.

    A class is the one that is best for the metric on train, of equals the most frequent; a quantity
    the mean of train for squared errors, else its median.  Probabilities are the shares of the
    classes in train, so all examples rank alike.
    """
    known = chosen.answers(train)
    if not known.classes:
        squared = chosen.metric.name in ("rmse", "r2")
        constant = np.average(known.y, weights=known.weight) if squared else np.median(known.y)
        guess = float(constant)
        residual = np.abs(frame["y"].to_numpy(np.float64) - guess)
        return frame.assign(y_hat=guess, loss=residual / known.scale)
    shares = np.bincount(known.y, weights=known.weight, minlength=len(known.classes))
    shares = shares / shares.sum()
    best = _best_class(chosen, known, shares)
    label = known.classes[best]
    wrong = frame["y"].map(str) != label
    found = frame.assign(y_hat=label, loss=wrong.astype(np.float64), is_error=wrong)
    columns = {PROBA + name: share for name, share in zip(known.classes, shares, strict=True)}
    return found.assign(**columns)


def constant_answers(chosen: ChosenMetric, answers: Answers, known: Answers) -> Answers | None:
    """Return what is read of `constant_frame`, from what was read of the table and of train.

    None where the table has to be made: for quantities, whose scale follows from it, and where
    train has other classes.
    """
    if not known.classes or answers.classes != known.classes:
        return None
    shares = np.bincount(known.y, weights=known.weight, minlength=len(known.classes))
    shares = shares / shares.sum()
    return replace(
        answers,
        y_hat=np.full(len(answers), _best_class(chosen, known, shares)),
        scores=np.tile(shares, (len(answers), 1)),
        ranked_only=False,
    )


def _best_class(chosen: ChosenMetric, train: Answers, shares: np.ndarray) -> int:
    rows = np.tile(shares, (len(train), 1))
    errors = []
    for label in range(len(train.classes)):
        constant = replace(train, y_hat=np.full(len(train), label), scores=rows, ranked_only=False)
        value = np.array(chosen.metric.value(constant, chosen.args))
        errors.append(float(chosen.metric.to_error(value, train, chosen.args)))
    order = sorted(range(len(errors)), key=lambda label: (errors[label], -shares[label]))
    return order[0]
