"""What a comparison group may name: its task's metrics, and the costs that a bound may be on."""

from foursplit import plugins
from foursplit.config.schema import ComparisonGroup
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.metrics.metric import METRICS
from foursplit.evaluation.group_metric import engine_metrics, group_metric

COSTS = ("n_parameters", "flops", "size_bytes")
"""What a bound or a price may be on: fields of each model's manifest."""


def check_group(name: str, group: ComparisonGroup) -> None:
    """Raise for a metric, a bound or a price that is not of something measured."""
    known = plugins.metrics(group.task)
    if group.metric in getattr(known, "TABLE_METRICS", {}):
        valid = sorted([*known.METRICS, *engine_metrics(group.task)])
        raise FoursplitError(
            f"group {name}: metric {group.metric!r} is of whole tables, and candidates are "
            f"compared example by example. Valid: {', '.join(valid)}."
        )
    try:
        metric = group_metric(group)
    except FoursplitError as error:
        raise FoursplitError(f"group {name}: {error}") from error
    if group.metric == "recall_at_precision" and group.threshold != "dev":
        raise FoursplitError(
            f"group {name}: recall_at_precision needs `threshold: dev`, where the precision is met"
        )
    if group.threshold == "dev" and not (metric.chosen and metric.chosen.metric.thresholds):
        valid = [n for n, known in METRICS.items() if known.thresholds]
        raise unknown_name("metric", group.metric, valid, f"group {name}: threshold: dev")
    for kind, costs in (("bound", group.bounds), ("price", group.price)):
        for cost in costs:
            if cost not in COSTS:
                raise unknown_name(kind, cost, COSTS, f"group {name}")
