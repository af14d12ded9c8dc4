"""Metrics of whole tables, which are no means over examples, with their intervals.

A task's metrics may declare `TABLE_METRICS = {name: function(columns) -> number}`.  The columns are
the table's numbers by name, or what the task's `table_columns(table)` makes of it.  Columns that a
table has for this alone begin with `stat.`.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.arrays import Array
from foursplit.core.seeds import generator
from foursplit.core.splits import Split
from foursplit.diagnosis.stats.table_bootstrap import estimate_statistic
from foursplit.evaluation.reported_metrics import reported_metrics

Block = dict[str, float | int]
"""An estimate as files have it: value, lo, hi, n and n_groups."""


def table_metrics(table: pd.DataFrame, task: str, config: DiagnosisConfig) -> dict[str, Block]:
    """Return the value and interval of each of the task's table metrics that is defined here."""
    metrics = plugins.metrics(task)
    declared = getattr(metrics, "TABLE_METRICS", {})
    if not declared:
        return {}
    columns = getattr(metrics, "table_columns", numeric_columns)(table)
    groups, split = table["group_id"].to_numpy(), str(table["split"].iloc[0])
    found: dict[str, Block] = {}
    for name, statistic in declared.items():
        estimated = estimate_statistic(
            statistic,
            columns,
            groups,
            generator("table metric", config.seed, split, name),
            n_resamples=config.n_resamples,
            confidence=config.confidence,
        )
        if estimated is not None:
            found[name] = estimated.as_json()
    return found


def numeric_columns(table: pd.DataFrame) -> dict[str, Array]:
    """Return the columns that hold numbers, truth values among them."""
    return {
        str(name): table[name].to_numpy()
        for name in table.select_dtypes([np.number, np.bool_]).columns
    }


def by_split(
    tables: Mapping[Split, pd.DataFrame], group: ComparisonGroup, config: DiagnosisConfig
) -> dict[str, dict[Split, dict[str, Block]]]:
    """Return the block of a summary: `{"table_metrics": {split: …}}`; empty for some tasks."""
    reported = reported_metrics(tables, group, config)
    found = {
        split: {**table_metrics(table, group.task, config), **reported.get(split, {})}
        for split, table in tables.items()
    }
    found = {split: blocks for split, blocks in found.items() if blocks or not reported}
    return {"table_metrics": found} if any(found.values()) else {}
