"""The metric of a comparison group: a column of the task's, or one of the engine's metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.config.schema import ComparisonGroup
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.metric import METRICS, Direction, MetricArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMetric:
    """What a group optimizes; `chosen` is None where it is a column of the task's own."""

    name: str
    direction: Direction
    column: str = ""
    chosen: ChosenMetric | None = None

    @property
    def of_table(self) -> bool:
        """Return whether it is no mean over examples."""
        return self.chosen is not None and self.chosen.of_table

    def values(self, frame: pd.DataFrame, at: str) -> np.ndarray:
        """Return (example,) values of a table whose mean it is; of a whole table's, the losses."""
        if self.of_table:
            return frame["loss"].to_numpy()
        if self.chosen is not None and self.column not in frame:
            return self.chosen.values(frame)
        if self.column not in frame:
            raise unknown_name("column", self.column, map(str, frame.columns), at)
        return frame[self.column].to_numpy()


def group_metric(group: ComparisonGroup) -> GroupMetric:
    """Return what a group optimizes; raise with the valid names for what its task has not."""
    return find_metric(group.task, group.metric, args(group), group.direction)


def find_metric(
    task: str, name: str, metric_args: MetricArgs, direction: Direction | None = None
) -> GroupMetric:
    """Find a metric of a task, which is to be maximized if more is better."""
    known = plugins.metrics(task)
    offered = engine_metrics(task)
    if name in offered:
        metric = METRICS[name]
        if direction not in (None, metric.direction):
            raise FoursplitError(
                f"metric {name}: direction {direction!r} must be {metric.direction!r}; or drop it"
            )
        chosen = ChosenMetric(metric=metric, args=metric_args)
        return GroupMetric(
            name=name,
            direction=metric.direction,
            column=known.METRICS.get(name, ""),
            chosen=chosen,
        )
    if name not in known.METRICS:
        raise unknown_name("metric", name, [*known.METRICS, *offered], f"task {task}")
    return GroupMetric(
        name=name, direction=direction or known.DIRECTION, column=known.METRICS[name]
    )


def engine_metrics(task: str) -> list[str]:
    """Return the engine's metrics that fit a task: its file says `ANSWERS = "classes"`, or so."""
    kind = getattr(plugins.metrics(task), "ANSWERS", None)
    return [name for name, metric in METRICS.items() if metric.kind == kind]


def args(group: ComparisonGroup) -> MetricArgs:
    """Return the arguments that params.yaml gives a metric; raise for an unknown one."""
    given: Mapping[str, Any] = group.metric_args
    for name in given:
        if name not in MetricArgs.__dataclass_fields__:
            raise unknown_name("argument", name, MetricArgs.__dataclass_fields__, "metric_args")
    found = {**given}
    if "positive" in found:
        found["positive"] = str(found["positive"])
    if "costs" in found:
        found["costs"] = {
            str(true): {str(predicted): float(cost) for predicted, cost in row.items()}
            for true, row in found["costs"].items()
        }
    return MetricArgs(**found)
