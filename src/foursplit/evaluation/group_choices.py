"""What a comparison group may name: its task's metrics, and the costs that a bound may be on."""

from foursplit import plugins
from foursplit.config.schema import ComparisonGroup
from foursplit.core.errors import unknown_name

COSTS = ("n_parameters", "flops", "size_bytes")
"""What a bound may be on: fields of each model's manifest."""


def check_group(name: str, group: ComparisonGroup) -> None:
    """Raise for a metric or a bound that is not measured."""
    metrics = plugins.metrics(group.task).METRICS
    if group.metric not in metrics:
        raise unknown_name("metric", group.metric, metrics, f"group {name}")
    for bound in group.bounds:
        if bound not in COSTS:
            raise unknown_name("bound", bound, COSTS, f"group {name}")
