"""What a comparison group may name: its task's metrics, and the costs that a bound may be on."""

from foursplit import plugins
from foursplit.config.schema import ComparisonGroup
from foursplit.core.errors import FoursplitError, unknown_name

COSTS = ("n_parameters", "flops", "size_bytes")
"""What a bound or a price may be on: fields of each model's manifest."""


def check_group(name: str, group: ComparisonGroup) -> None:
    """Raise for a metric, a bound or a price that is not of something measured."""
    known = plugins.metrics(group.task)
    metrics = known.METRICS
    if group.metric in getattr(known, "TABLE_METRICS", {}):
        raise FoursplitError(
            f"group {name}: metric {group.metric!r} is of whole tables, and candidates are "
            f"compared example by example. Valid: {', '.join(sorted(metrics))}."
        )
    if group.metric not in metrics:
        raise unknown_name("metric", group.metric, metrics, f"group {name}")
    for kind, costs in (("bound", group.bounds), ("price", group.price)):
        for cost in costs:
            if cost not in COSTS:
                raise unknown_name(kind, cost, COSTS, f"group {name}")
