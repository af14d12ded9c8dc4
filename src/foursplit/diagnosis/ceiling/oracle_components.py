"""What a dev table says of perfect parts: columns of losses once a part's output is the truth.

`fixed.<part>` holds the loss with that part perfect and `fixed.<a>+<b>` with both; parts stand in
the pipeline in the order in which the columns name them.  `fixed_type.<type>` holds the loss once
errors of that type are mended, as for detection.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.ceiling.bootstrap import Mean, Sampling, error_types
from foursplit.diagnosis.ceiling.components import Component, attribute, components
from foursplit.diagnosis.prediction_table import FIXED, FIXED_TYPE, Table

JOINS = "+"  # parts that are perfect together


def of_table(table: Table, rng: np.random.Generator, sampling: Sampling) -> dict[str, Any]:
    """Give ceilings by part and by type of error, and which part each error is due to."""
    table = table.by_name() if table.starting(FIXED) or table.starting(FIXED_TYPE) else table
    order, losses = _pipeline(table)
    types = {n.removeprefix(FIXED_TYPE): _loss(table, n) for n in table.starting(FIXED_TYPE)}
    if not order and not types:
        why = f"No column {FIXED}<part> or {FIXED_TYPE}<type> gives the loss once it is perfect."
        return {"parts": [], "types": [], "attribution": None, "not_applicable": why}
    metric = Mean(weight=table.weight)
    parts = components(losses, order, table.groups, rng, sampling, metric) if order else []
    of_type = error_types(table.loss, types, table.groups, rng, sampling, metric) if types else {}
    shares, lacking = _attribution(table, losses, order)
    return {
        "parts": [_named(part) for part in parts],
        "attribution": shares,
        "no_attribution": lacking or None,
        "types": [{"type": name, **one.as_json()} for name, one in of_type.items()],
        "not_applicable": None,
    }


def _pipeline(table: Table) -> tuple[list[str], dict[frozenset[str], np.ndarray]]:
    """Read the parts in their order, and the losses by which of them are perfect."""
    order: dict[str, None] = {}
    found: dict[frozenset[str], str] = {frozenset(): "loss"}
    for column in table.starting(FIXED):
        parts = [part.strip() for part in column.removeprefix(FIXED).split(JOINS)]
        where = f"{table.path or table.split}: column {column!r}"
        if "" in parts or len({*parts}) < len(parts):
            raise FoursplitError(
                f"{where}: name each part once, as in {FIXED}detector{JOINS}classifier"
            )
        if frozenset(parts) in found:
            raise FoursplitError(f"{where} says the same as {found[frozenset(parts)]!r}")
        found[frozenset(parts)] = column
        order |= dict.fromkeys(parts)
    return list(order), {parts: _loss(table, column) for parts, column in found.items()}


def _loss(table: Table, column: str) -> np.ndarray:
    return table.frame[column].to_numpy(np.float64)


def _attribution(
    table: Table, losses: Mapping[frozenset[str], np.ndarray], order: list[str]
) -> tuple[dict[str, Any] | None, str]:
    """Give each error's part, or what is missing to say it."""
    lacking = [FIXED + name for name in order[:-1] if frozenset({name}) not in losses]
    if len(order) < 2:
        return None, ""
    if lacking:
        return None, f"columns missing: {', '.join(lacking)}"
    if not np.array_equal(table.is_error, table.loss > 0):
        return None, "what counts as an error is told by is_error, and not of perfect parts"
    return attribute(losses, order).as_json(), ""


def _named(part: Component) -> dict[str, Any]:
    """Write a part, naming the columns that are missing."""
    return {**part.as_json(), "missing": [FIXED + JOINS.join(names) for names in part.missing]}
