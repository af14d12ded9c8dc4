"""The options that say what prediction tables hold: metric, quantities, columns to slice on."""

from collections.abc import Sequence

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.metric import MetricArgs, find
from foursplit.diagnosis.read_options import ReadOptions


def parse_reading(
    metric: str | None, positive: str | None, meta: Sequence[str], *, regression: bool
) -> ReadOptions:
    """Parse the options of the command line."""
    if positive is not None and metric is None:
        raise FoursplitError("--positive: needs --metric, such as --metric f1")
    chosen = None
    if metric not in (None, "error"):
        assert metric is not None
        asked = find(metric, "--metric")
        if asked.name == "recall_at_precision":
            raise FoursplitError(
                "--metric recall_at_precision: its threshold is chosen in a pipeline (`threshold: "
                "dev` of a group); for tables choose recall, precision or average_precision"
            )
        chosen = ChosenMetric(metric=asked, args=MetricArgs(positive=positive))
        regression = regression or asked.kind == "quantity"
    return ReadOptions(meta=tuple(meta), regression=regression, metric=chosen)
