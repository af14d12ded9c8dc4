"""The metric that a diagnosis or a comparison is asked for, on prediction tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isnan

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.metrics.answers import Answers, class_answers, quantity_answers
from foursplit.diagnosis.metrics.estimate import estimate_metric
from foursplit.diagnosis.metrics.metric import Metric, MetricArgs
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.bootstrap import Estimate, Sampling


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenMetric:
    """A metric with its arguments, and the classes whose numbers they mean."""

    metric: Metric
    args: MetricArgs = field(default_factory=MetricArgs)
    classes: tuple[str, ...] = ()

    @property
    def of_table(self) -> bool:
        """Return whether the metric is no mean over examples."""
        return self.metric.per_table is not None

    def answers(self, frame: pd.DataFrame) -> Answers:
        """Read a table; raise for columns that the metric needs and the table lacks."""
        missing = [name for name in ("y", "y_hat") if name not in frame]
        if missing:
            raise FoursplitError(
                f"metric {self.metric.name}: the table has no column {missing[0]!r}"
            )
        if self.metric.kind == "quantity":
            if not all(pd.api.types.is_numeric_dtype(frame[name]) for name in ("y", "y_hat")):
                raise FoursplitError(
                    f"metric {self.metric.name} is of quantities, and y or y_hat is text"
                )
            return quantity_answers(frame)
        found = class_answers(frame, self.classes)
        if self.metric.name == "recall_at_precision" and len(found.classes) != 2:
            raise FoursplitError(
                f"metric recall_at_precision is of two classes, not {len(found.classes)}"
            )
        return found

    def values(self, frame: pd.DataFrame) -> np.ndarray:
        """Return (example,) values whose mean the metric is."""
        assert self.metric.per_example is not None
        return self.metric.per_example(self.answers(frame), self.args)

    def with_errors(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a table whose losses are the metric's; of a whole table's metric, unchanged."""
        if self.of_table:
            return frame
        answers = self.answers(frame)
        assert self.metric.per_example is not None
        values = self.metric.per_example(answers, self.args)
        return frame.assign(loss=self.metric.to_error(values, answers, self.args))

    def error(self, table: PredictionTable) -> float:
        """Return the error of one table; raise where the metric is not defined for it."""
        answers = self.answers(table.frame)
        value = self.metric.value(answers, self.args)
        if isnan(value):
            raise FoursplitError(self.undefined(table.path or table.split))
        return float(self.metric.to_error(np.array(value), answers, self.args))

    def undefined(self, at: str) -> str:
        """Say that a table has nothing to compute the metric from."""
        lacks = (
            "quantities that differ"
            if self.metric.kind == "quantity"
            else "an example of each class that the metric is of"
        )
        return f"{at}: {self.metric.name} is not defined: the table needs {lacks}"

    def estimate_error(
        self,
        tables: Sequence[PredictionTable],
        rng: np.random.Generator,
        sampling: Sampling,
    ) -> Estimate:
        """Estimate the error on one split, the mean over its tables, a seed each."""
        ordered = [table.by_name() for table in tables]
        found = estimate_metric(
            self.metric,
            self.args,
            [self.answers(table.frame) for table in ordered],
            ordered[0].groups,
            rng,
            sampling,
        )
        if found is None:
            raise FoursplitError(self.undefined(tables[0].path or tables[0].split))
        return self.as_error(found, ordered[0].frame)

    def as_error(self, found: Estimate, frame: pd.DataFrame) -> Estimate:
        """Return an estimate as an error; `frame` has the unit of a quantity."""
        answers = self.answers(frame)

        def error(values: np.ndarray) -> np.ndarray:
            return self.metric.to_error(values, answers, self.args)

        ends = sorted(float(error(np.array(end))) for end in (found.lo, found.hi))
        return replace(
            found,
            value=float(error(np.array(found.value))),
            lo=ends[0],
            hi=ends[1],
            replicates=error(found.replicates),
        )
