"""The metrics that are reported beside the error, with intervals and the baseline's values."""

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.seeds import generator
from foursplit.core.splits import Split
from foursplit.diagnosis.metrics.answers import Answers
from foursplit.diagnosis.metrics.baseline import constant_answers, constant_frame
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.estimate import estimate_metric
from foursplit.diagnosis.metrics.metric import METRICS, MetricArgs
from foursplit.diagnosis.stats.bootstrap import Sampling
from foursplit.evaluation.group_metric import args, engine_metrics, group_metric

REPORTED_SPLITS = ("dev", "test")  # train's say nothing that the ledger does not

OF_TWO_CLASSES = (
    "precision", "recall", "f1", "average_precision", "roc_auc", "balanced_error", "log_loss",
    "brier",
)  # fmt: skip
OF_SEVERAL_CLASSES = ("f1", "balanced_error", "top_k_accuracy", "log_loss", "brier")
OF_QUANTITIES = ("rmse", "mae", "r2", "mape")

Tables = Mapping[Split, pd.DataFrame]


def reported_metrics(
    tables: Tables, group: ComparisonGroup, config: DiagnosisConfig
) -> dict[Split, dict[str, Any]]:
    """Return the blocks of each metric by split: value, interval, baseline; empty without any."""
    if not engine_metrics(group.task):
        return {}
    found: dict[Split, dict[str, Any]] = {
        split: dict(_of_split(split, tables, group, config))
        for split in tables
        if split in REPORTED_SPLITS
    }
    return found if any(found.values()) else {}


def _of_split(
    split: Split, tables: Tables, group: ComparisonGroup, config: DiagnosisConfig
) -> Iterator[tuple[str, dict[str, Any]]]:
    frame, train = tables[split], tables["train"]
    metric_args = args(group)
    read: dict[str, tuple[Answers, Answers]] = {}  # by kind of metric: of the split and of train
    for name in names(train, group):
        chosen = ChosenMetric(metric=METRICS[name], args=metric_args)
        if chosen.metric.kind not in read:
            read[chosen.metric.kind] = chosen.answers(frame), chosen.answers(train)
        answers, known = read[chosen.metric.kind]
        if not _is_defined(answers, name):
            continue
        estimate = estimate_metric(
            chosen.metric,
            metric_args,
            [answers],
            frame["group_id"].to_numpy(),
            generator("metric", config.seed, split, name),
            _sampling(config),
        )
        if estimate is not None:
            constant = constant_answers(chosen, answers, known)
            value = (
                baseline_value(chosen, frame, train)
                if constant is None
                else chosen.metric.value(constant, chosen.args)
            )
            baseline = {} if isnan(value) else {"baseline": value}
            yield name, {**estimate.as_json(), **baseline}


def _sampling(config: DiagnosisConfig) -> Sampling:
    return Sampling(n_resamples=config.n_resamples, confidence=config.confidence)


def names(train: pd.DataFrame, group: ComparisonGroup) -> list[str]:
    """Return the metrics that are reported of a group: that of the group, and the usual ones."""
    n_classes = sum(str(name).startswith("proba_") for name in train.columns)
    usual = {0: OF_QUANTITIES, 2: OF_TWO_CLASSES}.get(n_classes, OF_SEVERAL_CLASSES)
    of_group = [group.metric] if group_metric(group).chosen else []
    costs = ["cost"] if group.metric_args.get("costs") else []
    return list(dict.fromkeys([*of_group, *costs, *usual]))


def _is_defined(answers: Answers, name: str) -> bool:
    if name == "top_k_accuracy":
        return len(answers.classes) > MetricArgs().k
    return name != "mape" or bool(answers.y.all())


def baseline_value(chosen: ChosenMetric, frame: pd.DataFrame, train: pd.DataFrame) -> float:
    """Return the metric of the baseline, the best constant on train; NaN where it has none."""
    constant = constant_frame(chosen, frame, train)
    return chosen.metric.value(chosen.answers(constant), chosen.args)


def baseline_gain(
    group: ComparisonGroup, frame: pd.DataFrame, train: pd.DataFrame, config: DiagnosisConfig
) -> dict[str, Any] | None:
    """Compare with the baseline by the group's metric, on the same samples; in errors.

    None where the group's metric is a column of the task, whose baseline is a column too.
    """
    chosen = group_metric(group).chosen
    if chosen is None:
        return None
    answers = chosen.answers(frame)
    constant = chosen.answers(constant_frame(chosen, frame, train))
    draws = []
    for one in (constant, answers):
        estimate = estimate_metric(
            chosen.metric,
            chosen.args,
            [one],
            frame["group_id"].to_numpy(),
            generator("baseline", config.seed, str(frame["split"].iloc[0])),
            _sampling(config),
        )
        if estimate is None:
            return None
        draws.append(chosen.as_error(estimate, frame))
    gain = draws[0].value - draws[1].value
    tail = (1 - config.confidence) / 2
    lo, hi = np.quantile(draws[0].replicates - draws[1].replicates, [tail, 1 - tail])
    block = {"lo": min(float(lo), gain), "hi": max(float(hi), gain), "n": draws[1].n}
    return {
        "error": draws[0].value,
        "gain": {"value": gain, **block, "n_groups": draws[1].n_groups},
        "beaten": bool(lo > 0),
    }
