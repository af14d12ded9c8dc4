"""Summarize one seed's tables: errors, metrics, gaps, and the baseline."""

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.seeds import generator
from foursplit.core.splits import Split
from foursplit.diagnosis.decomposition.decompose import decompose
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.stats.bootstrap import estimate
from foursplit.diagnosis.stats.weighted_confusion import weighted_confusion
from foursplit.evaluation import table_metrics
from foursplit.evaluation.diagnose_experiment import settings
from foursplit.evaluation.group_metric import group_metric
from foursplit.evaluation.human_level import human_level
from foursplit.evaluation.reported_metrics import baseline_gain

Tables = Mapping[Split, pd.DataFrame]


def summarize(
    tables: Tables,
    model: Model,
    group: ComparisonGroup,
    dataset: DatasetSpec,
    config: DiagnosisConfig,
) -> dict[str, Any]:
    """Describe what the tables of one seed show; `model` holds the same tables, checked."""
    parts = decompose(
        [model], settings(group, dataset, config), same_distribution=not dataset.shifted
    ).as_json()
    return {
        "splits": {split: parts["splits"][split] for split in tables},
        "metrics": {split: metrics(table, group) for split, table in tables.items()},
        **table_metrics.by_split(tables, group, config),
        "human": human_level(group, dataset.reference),
        "baseline": {
            split: baseline_gain(group, table, tables["train"], config)
            or _against_baseline(table, config)
            for split, table in tables.items()
        },
        **({"unseen": parts["unseen"]} if "unseen" in parts else {}),
        "ledger": parts["ledger"],
        "verdict": parts["verdict"],
    }


def metrics(table: pd.DataFrame, group: ComparisonGroup) -> dict[str, float]:
    """Return the weighted mean of each metric the task reports, and what is no mean of examples."""
    known, chosen = plugins.metrics(group.task), group_metric(group).chosen
    means = {
        name: float(np.average(table[column], weights=table["weight"]))
        for name, column in known.METRICS.items()
    }
    if chosen is not None and group.metric not in means:
        value = chosen.metric.value(chosen.answers(table), chosen.args)
        means |= {} if isnan(value) else {group.metric: value}
    return {**means, **found(table, getattr(known, "FOUND", None))}


def found(table: pd.DataFrame, columns: tuple[str, str] | None) -> dict[str, float]:
    """Return precision, recall and F1, where the task names the columns of truth and detection.

    All examples count alike, whatever their weight.  A table without positives has none.
    """
    if columns is None or not table[columns[0]].any():
        return {}
    truth, flagged = (table[name].to_numpy(bool) for name in columns)
    counted = weighted_confusion(truth, flagged, positive=True)
    return {"precision": counted.precision, "recall": counted.recall, "f1": counted.f1}


def _against_baseline(table: pd.DataFrame, config: DiagnosisConfig) -> dict[str, Any]:
    """Compare with the baseline on the same examples."""
    weight = table["weight"].to_numpy(np.float64)
    gain = estimate(
        (table["baseline_loss"] - table["loss"]).to_numpy(np.float64),
        weight,
        table["group_id"].to_numpy(),
        generator("baseline", config.seed, str(table["split"].iloc[0])),
        n_resamples=config.n_resamples,
        confidence=config.confidence,
    )
    return {
        "error": float(np.average(table["baseline_loss"], weights=weight)),
        "gain": gain.as_json(),
        "beaten": gain.lo > 0,
    }
