"""Ceilings from oracle columns of dev: losses with a component replaced by ground truth.

`oracle.<component>` holds the loss with that component perfect and `oracle.<a>+<b>` with both; the
order of the columns is the order of the pipeline.  `oracle_type.<type>` holds the loss with errors
of that type corrected, as in object detection.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.ceiling.bootstrap import MeanLoss, Sampling, error_types
from foursplit.diagnosis.ceiling.components import (
    ComponentCeiling,
    attribute_errors,
    component_ceilings,
)
from foursplit.diagnosis.prediction_table import ORACLE, ORACLE_TYPE, PredictionTable

SEPARATOR = "+"  # joins components that are perfect together


def table_ceilings(
    table: PredictionTable, rng: np.random.Generator, sampling: Sampling
) -> dict[str, Any]:
    """Return ceilings by component and error type, and the component each error is due to."""
    table = table.by_name() if table.starting(ORACLE) or table.starting(ORACLE_TYPE) else table
    order, losses = _pipeline(table)
    types = {n.removeprefix(ORACLE_TYPE): _loss(table, n) for n in table.starting(ORACLE_TYPE)}
    if not order and not types:
        why = f"No column {ORACLE}<component> or {ORACLE_TYPE}<type> with losses."
        return {"parts": [], "types": [], "attribution": None, "not_applicable": why}
    metric = MeanLoss(weight=table.weight)
    parts = component_ceilings(losses, order, table.groups, rng, sampling, metric) if order else []
    type_ceilings = (
        error_types(table.loss, types, table.groups, rng, sampling, metric) if types else {}
    )
    shares, missing = _attribution(table, losses, order)
    return {
        "parts": [_named(part) for part in parts],
        "attribution": shares,
        "no_attribution": missing or None,
        "types": [{"type": name, **one.as_json()} for name, one in type_ceilings.items()],
        "not_applicable": None,
    }


def _pipeline(table: PredictionTable) -> tuple[list[str], dict[frozenset[str], np.ndarray]]:
    """Return the components in order, and the losses by set of perfect components."""
    order: dict[str, None] = {}
    columns: dict[frozenset[str], str] = {frozenset(): "loss"}
    for column in table.starting(ORACLE):
        parts = [part.strip() for part in column.removeprefix(ORACLE).split(SEPARATOR)]
        where = f"{table.path or table.split}: column {column!r}"
        if "" in parts or len({*parts}) < len(parts):
            raise FoursplitError(
                f"{where}: name each component once, as in {ORACLE}detector{SEPARATOR}classifier"
            )
        if frozenset(parts) in columns:
            raise FoursplitError(
                f"{where} has the same components as {columns[frozenset(parts)]!r}"
            )
        columns[frozenset(parts)] = column
        order |= dict.fromkeys(parts)
    return list(order), {parts: _loss(table, column) for parts, column in columns.items()}


def _loss(table: PredictionTable, column: str) -> np.ndarray:
    return table.frame[column].to_numpy(np.float64)


def _attribution(
    table: PredictionTable, losses: Mapping[frozenset[str], np.ndarray], order: list[str]
) -> tuple[dict[str, Any] | None, str]:
    """Return the attribution of errors, or the reason why there is none."""
    missing = [ORACLE + name for name in order[:-1] if frozenset({name}) not in losses]
    if len(order) < 2:
        return None, ""
    if missing:
        return None, f"columns missing: {', '.join(missing)}"
    if not np.array_equal(table.is_error, table.loss > 0):
        return None, "is_error differs from loss > 0, and oracle columns hold losses only"
    return attribute_errors(losses, order).as_json(), ""


def _named(part: ComponentCeiling) -> dict[str, Any]:
    """Return a component as JSON, with the names of missing columns."""
    return {**part.as_json(), "missing": [ORACLE + SEPARATOR.join(names) for names in part.missing]}
