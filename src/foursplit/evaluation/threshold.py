"""The threshold of a group with two classes: chosen on dev, frozen for all splits and for test."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.config.schema import ComparisonGroup
from foursplit.core.errors import FoursplitError
from foursplit.core.splits import Split
from foursplit.diagnosis.metrics.answers import class_answers
from foursplit.diagnosis.metrics.threshold import choose_threshold
from foursplit.evaluation.group_metric import group_metric

Tables = dict[Split, pd.DataFrame]

PROBA = "proba_"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionThreshold:
    """The probability of the positive one of two classes from which on it is the answer."""

    value: float
    positive: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def of_summary(
    summary: Mapping[str, Any], group: ComparisonGroup, classes: Sequence[str]
) -> DecisionThreshold | None:
    """Return the frozen threshold in a seed's summary; None where the likelier class answers."""
    if summary.get("threshold") is None:
        return None
    positive = group.metric_args.get("positive")
    name = classes[1] if positive is None else str(positive)
    return DecisionThreshold(value=summary["threshold"], positive=name)


def answers(
    proba: np.ndarray, classes: Sequence[str], threshold: DecisionThreshold | None
) -> dict[str, Any]:
    """Return columns of (example, class) probabilities: answer, probabilities, the threshold."""
    chosen = proba.argmax(axis=1)
    if threshold is not None:
        number = [*classes].index(threshold.positive)
        chosen = np.where(proba[:, number] >= threshold.value, number, 1 - number)
    columns = {"y_hat": np.array([*classes], dtype=object)[chosen]}
    columns |= {f"{PROBA}{name}": proba[:, number] for number, name in enumerate(classes)}
    if threshold is not None:
        columns["threshold"] = np.full(len(proba), threshold.value)
    return columns


def chosen_on_dev(tables: Tables, group: ComparisonGroup) -> float | None:
    """Return the threshold that a group asks for; None where the likelier class is the answer."""
    if group.threshold is None:
        return None
    if group.threshold != "dev":
        return float(group.threshold)
    metric = group_metric(group)
    if metric.chosen is None:
        raise FoursplitError(
            f"threshold: dev: metric {group.metric!r} has no best threshold; choose accuracy, "
            "balanced_error, f1, cost or recall_at_precision"
        )
    answers = class_answers(tables["dev"])
    return choose_threshold(metric.chosen.metric, metric.chosen.args, answers)


def of_table(table: pd.DataFrame, group: ComparisonGroup) -> float | None:
    """Return a threshold that gives a stored table's answers; None where the group has none.

    It is the lowest score that is called positive: a version of the registry keeps its tables, and
    no threshold.
    """
    metric = group_metric(group)
    if group.threshold is None or metric.chosen is None:
        return None
    answers = class_answers(table)
    positive = metric.chosen.args.positive_class(answers)
    assert positive is not None
    called = answers.ranks[answers.y_hat == positive, positive]
    return float(called.min()) if len(called) else 1.0


def apply(tables: Tables, group: ComparisonGroup, threshold: float | None) -> Tables:
    """Return the tables with the answers, losses and errors that the threshold gives."""
    if threshold is None:
        return tables
    metric = group_metric(group)
    positive = metric.chosen.args.positive if metric.chosen else None
    return {split: _apply(table, threshold, positive) for split, table in tables.items()}


def _apply(table: pd.DataFrame, threshold: float, positive: str | None) -> pd.DataFrame:
    answers = class_answers(table)
    number = 1 if positive is None else answers.number(positive)
    names = np.array(answers.classes, dtype=object)
    y_hat = answers.with_threshold(number, threshold).y_hat
    wrong = y_hat != answers.y
    return table.assign(y_hat=names[y_hat], loss=wrong.astype(np.float64), is_error=wrong)
