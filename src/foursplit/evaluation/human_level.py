"""The level that a group's errors are compared with: human, best known or desired."""

from typing import Any

from foursplit.config.schema import ComparisonGroup
from foursplit.core.dataset_spec import ReferenceLevel
from foursplit.evaluation.group_metric import group_metric


def _of_error(group: ComparisonGroup) -> bool:
    """Check whether the group's errors are those that references are measured in."""
    chosen = group_metric(group).chosen
    return chosen is None or group.metric in ("accuracy", "mae")


def human_level(group: ComparisonGroup, reference: ReferenceLevel | None) -> dict[str, Any] | None:
    """Return its error (a fraction), its kind, and who says so; None where nobody does."""
    if reference is not None and _of_error(group):
        return {"error": reference.error, "kind": reference.kind, "where": reference.citation}
    if group.desired_error is not None:
        return {"error": group.desired_error, "kind": "desired", "where": "params.yaml"}
    return None
