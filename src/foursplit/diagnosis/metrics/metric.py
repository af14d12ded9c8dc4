"""The metrics that a comparison may be optimized for, by the names of scikit-learn.

A metric has a value in its own unit, and an error from 0 up, which the ledger adds up: 1 minus what
is best at 1, and the share of a unit for what is best at 0.  Some are means over the examples; the
others are computed from all answers of a split together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import log
from typing import Literal

import numpy as np

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.metrics import labels, quantities, ranking
from foursplit.diagnosis.metrics.answers import Answers

TINY = 1e-15  # a probability of 0 for what happened would make the mean infinite

Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricArgs:
    """The arguments of a metric: the class that counts, and what the names alone leave open."""

    positive: str | None = None  # of two classes; by default the second
    precision: float = 0.9  # of `recall_at_precision`: the least
    k: int = 3  # of `top_k_accuracy`: how many guesses count
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # true, predicted: cost

    def positive_class(self, answers: Answers) -> int | None:
        """Return the number of the class that counts; None: the mean over all classes."""
        if self.positive is not None:
            return answers.number(self.positive)
        return 1 if len(answers.classes) == 2 else None


PerExample = Callable[[Answers, MetricArgs], np.ndarray]
PerTable = Callable[[Answers, MetricArgs, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric: `per_example` values whose mean it is, or else `per_table`."""

    name: str
    title: str  # in tables
    kind: Literal["classes", "quantity"]
    direction: Direction = "maximize"
    per_example: PerExample | None = None
    per_table: PerTable | None = None
    unit: Callable[[Answers, MetricArgs], float] | None = None  # of an error; 1 without
    reads: Literal["labels", "scores", "probabilities"] = "labels"
    in_unit: bool = False  # the value is in the target's unit
    thresholds: bool = False  # of two classes, a threshold can be chosen for it

    def evaluate(self, answers: Answers, args: MetricArgs, weights: np.ndarray) -> np.ndarray:
        """Return (sample,) values for (sample, example) weights; NaN where it is not defined."""
        if self.per_table is not None:
            return self.per_table(answers, args, weights)
        assert self.per_example is not None
        return quantities.mean(self.per_example(answers, args), weights)

    def value(self, answers: Answers, args: MetricArgs) -> float:
        """Return the value on a table; NaN where it is not defined."""
        return float(self.evaluate(answers, args, answers.weight[None])[0])

    def to_error(self, value: np.ndarray, answers: Answers, args: MetricArgs) -> np.ndarray:
        """Return values as errors: 0 is best."""
        if self.direction == "maximize":
            return np.asarray(1 - value)
        return np.asarray(value / (1.0 if self.unit is None else self.unit(answers, args)))


def _accuracy(answers: Answers, _args: MetricArgs) -> np.ndarray:
    return (answers.y == answers.y_hat).astype(np.float64)


def _log_loss(answers: Answers, _args: MetricArgs) -> np.ndarray:
    true = answers.probabilities[np.arange(len(answers)), answers.y]
    return -np.log(np.maximum(true, TINY))


def _brier(answers: Answers, _args: MetricArgs) -> np.ndarray:
    """Return half of the squared distance to the truth: of two classes (p - y)², 0 to 1."""
    truth = np.eye(len(answers.classes))[answers.y]
    return ((answers.probabilities - truth) ** 2).sum(axis=1) / 2


def _top_k(answers: Answers, args: MetricArgs) -> np.ndarray:
    """Return 1 where fewer than k classes score as high as the true one; ties count against it."""
    scores = answers.ranks
    true = scores[np.arange(len(answers)), answers.y][:, None]
    return ((scores >= true).sum(axis=1) <= args.k).astype(np.float64)


def cost_matrix(answers: Answers, args: MetricArgs) -> np.ndarray:
    """Return (true class, predicted class) costs: 1 for each error that is not priced."""
    found = 1 - np.eye(len(answers.classes))
    for true, row in args.costs.items():
        for predicted, cost in row.items():
            if cost < 0:
                raise FoursplitError(f"costs: {true}: {predicted}: {cost:g} must be 0 or more")
            found[answers.number(true), answers.number(predicted)] = cost
    return found


def _cost(answers: Answers, args: MetricArgs) -> np.ndarray:
    return cost_matrix(answers, args)[answers.y, answers.y_hat]


def _of_labels(
    measure: Callable[[np.ndarray], np.ndarray],
    answers: Answers,
    args: MetricArgs,
    weights: np.ndarray,
) -> np.ndarray:
    matrices = labels.confusion_matrices(answers, weights)
    return labels.of_classes(measure, matrices, args.positive_class(answers))


def _of_ranks(
    measure: ranking.Ranking, answers: Answers, args: MetricArgs, weights: np.ndarray
) -> np.ndarray:
    return ranking.of_classes(measure, answers, weights, args.positive_class(answers))


def _balanced_error(answers: Answers, _args: MetricArgs, weights: np.ndarray) -> np.ndarray:
    return labels.balanced_error(labels.confusion_matrices(answers, weights))


def _absolute(answers: Answers, _args: MetricArgs) -> np.ndarray:
    return np.abs(answers.y - answers.y_hat)


def _percentage(answers: Answers, _args: MetricArgs) -> np.ndarray:
    if not answers.y.all():
        raise FoursplitError("mape divides by the target, which is 0 for some: choose mae or rmse")
    return np.abs((answers.y - answers.y_hat) / answers.y)


def _scale(answers: Answers, _args: MetricArgs) -> float:
    return answers.scale


def _log_classes(answers: Answers, _args: MetricArgs) -> float:
    """Return the log loss of calling all classes equally probable."""
    return log(max(len(answers.classes), 2))


def _highest_cost(answers: Answers, args: MetricArgs) -> float:
    return float(cost_matrix(answers, args).max()) or 1.0


_ALL = (
    Metric(
        name="accuracy", title="accuracy", kind="classes", per_example=_accuracy, thresholds=True
    ),
    Metric(
        name="balanced_error",
        title="balanced error",
        kind="classes",
        direction="minimize",
        per_table=_balanced_error,
        thresholds=True,
    ),
    Metric(
        name="precision",
        title="precision",
        kind="classes",
        per_table=partial(_of_labels, labels.precision),
    ),
    Metric(
        name="recall", title="recall", kind="classes", per_table=partial(_of_labels, labels.recall)
    ),
    Metric(
        name="f1",
        title="F1",
        kind="classes",
        per_table=partial(_of_labels, labels.f1),
        thresholds=True,
    ),
    Metric(
        name="recall_at_precision",
        title="recall at a precision",
        kind="classes",
        per_table=partial(_of_labels, labels.recall),
        thresholds=True,
    ),
    Metric(
        name="average_precision",
        title="average precision",
        kind="classes",
        per_table=partial(_of_ranks, ranking.average_precision),
        reads="scores",
    ),
    Metric(
        name="roc_auc",
        title="AUC",
        kind="classes",
        per_table=partial(_of_ranks, ranking.roc_auc),
        reads="scores",
    ),
    Metric(
        name="top_k_accuracy",
        title="top-k accuracy",
        kind="classes",
        per_example=_top_k,
        reads="scores",
    ),
    Metric(
        name="log_loss",
        title="log loss",
        kind="classes",
        direction="minimize",
        per_example=_log_loss,
        unit=_log_classes,
        reads="probabilities",
    ),
    Metric(
        name="brier",
        title="Brier score",
        kind="classes",
        direction="minimize",
        per_example=_brier,
        reads="probabilities",
    ),
    Metric(
        name="cost",
        title="cost",
        kind="classes",
        direction="minimize",
        per_example=_cost,
        unit=_highest_cost,
        thresholds=True,
    ),
    Metric(
        name="rmse",
        title="RMSE",
        kind="quantity",
        direction="minimize",
        per_table=lambda answers, _args, weights: quantities.rmse(answers, weights),
        unit=_scale,
        in_unit=True,
    ),
    Metric(
        name="mae",
        title="MAE",
        kind="quantity",
        direction="minimize",
        per_example=_absolute,
        unit=_scale,
        in_unit=True,
    ),
    Metric(
        name="r2",
        title="R²",
        kind="quantity",
        per_table=lambda answers, _args, weights: quantities.r2(answers, weights),
    ),
    Metric(
        name="mape", title="MAPE", kind="quantity", direction="minimize", per_example=_percentage
    ),
)

METRICS = {metric.name: metric for metric in _ALL}
"""Every metric, by the name that `metric:` of a group and `--metric` take."""


def find(name: str, where: str = "") -> Metric:
    """Return the metric of this name; raise with the valid names if there is none."""
    if name not in METRICS:
        raise unknown_name("metric", name, METRICS, where)
    return METRICS[name]
