"""The answers of one table as arrays: labels, predictions, scores and weights, for every metric."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError, unknown_name

PROBA, MARGIN = "proba_", "margin"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """(example,) truth and prediction: class numbers, or quantities where `classes` is empty.

    `scores` is (example, class), what the classes are ranked by; None where only a label is known.
    They are probabilities unless `ranked_only`.  `scale` is the unit of a quantity's share: the
    interquartile range of the target in train.
    """

    y: np.ndarray
    y_hat: np.ndarray
    weight: np.ndarray
    classes: tuple[str, ...] = ()
    scores: np.ndarray | None = None
    ranked_only: bool = False
    scale: float = 1.0

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """Return (example, class) probabilities; raise where the table has none."""
        if self.scores is None or self.ranked_only:
            raise FoursplitError(
                "the table has no probabilities: give a column proba_<class> for each class"
            )
        return self.scores

    @cached_property
    def ranks(self) -> np.ndarray:
        """Return (example, class) scores; raise where the table has none."""
        if self.scores is None:
            raise FoursplitError("the table has no scores: give a column proba_<class> for each")
        return self.scores

    def number(self, label: str) -> int:
        """Return the number of a class."""
        if label not in self.classes:
            raise unknown_name("class", label, self.classes)
        return self.classes.index(label)

    def with_threshold(self, positive: int, threshold: float) -> "Answers":
        """Return the answers of two classes that call positive what scores `threshold` or more."""
        above = self.ranks[:, positive] >= threshold
        return replace(self, y_hat=np.where(above, positive, 1 - positive))


def class_answers(frame: pd.DataFrame, classes: Sequence[str] = ()) -> Answers:
    """Read labels from `y` and `y_hat`, and scores from `proba_<class>` or `margin`.

    Without `classes` they are those of `proba_<class>`, else the labels that occur, in order.
    """
    y, y_hat = (frame[name].map(str).to_numpy(object) for name in ("y", "y_hat"))
    given = [str(name).removeprefix(PROBA) for name in frame.columns if str(name).startswith(PROBA)]
    names = tuple(classes) or tuple(given)
    if not {*names} >= {*y, *y_hat}:
        names = tuple(sorted({*names, *y, *y_hat}))
    code = {name: number for number, name in enumerate(names)}
    scores, ranked_only = None, False
    if given and {*given} >= {*names}:
        scores = frame[[PROBA + name for name in names]].to_numpy(np.float64)
    elif len(names) == 2 and MARGIN in frame:
        margin = frame[MARGIN].to_numpy(np.float64)
        scores, ranked_only = np.stack([-margin, margin], axis=1), True
    return Answers(
        y=np.array([code[label] for label in y]),
        y_hat=np.array([code[label] for label in y_hat]),
        weight=_weight(frame),
        classes=names,
        scores=scores,
        ranked_only=ranked_only,
    )


def quantity_answers(frame: pd.DataFrame, scale: float | None = None) -> Answers:
    """Read quantities from `y` and `y_hat`; the scale follows from `loss`, |residual| / scale."""
    y, y_hat = (frame[name].to_numpy(np.float64) for name in ("y", "y_hat"))
    if scale is None:
        residual = float(np.abs(y - y_hat).sum())
        loss = float(frame["loss"].sum()) if "loss" in frame else 0.0
        scale = residual / loss if loss > 0 and residual > 0 else 1.0
    return Answers(y=y, y_hat=y_hat, weight=_weight(frame), scale=scale)


def _weight(frame: pd.DataFrame) -> np.ndarray:
    if "weight" in frame:
        return frame["weight"].to_numpy(np.float64)
    return np.ones(len(frame))
