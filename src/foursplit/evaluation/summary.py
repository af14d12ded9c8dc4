"""From tables to numbers: errors with intervals, baseline, ledger, verdict, next step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.experiment import Group, Strategy
from foursplit.core.seeds import generator
from foursplit.core.source import Reference
from foursplit.core.split import Split
from foursplit.evaluation.human import human_level
from foursplit.evaluation.scores import scoring
from foursplit.strategy import actions, ledger, verdict
from foursplit.strategy.bootstrap import Estimate, estimate

Tables = Mapping[Split, pd.DataFrame]


def summarise(
    tables: Tables, group: Group, reference: Reference | None, strategy: Strategy
) -> dict[str, Any]:
    """Say what the tables of one model show."""
    errors = {split: _estimate(table, "loss", strategy) for split, table in tables.items()}
    human = human_level(group, reference)
    known: dict[str, Estimate] = {"human": ledger.fixed(human["error"])} if human else {}
    known.update({str(split): error for split, error in errors.items()})
    found = ledger.gaps(known, strategy.confidence)
    rule = verdict.Rule(
        floor=strategy.floor,
        share_of_dev=strategy.share_of_dev,
        co_primary=strategy.co_primary,
        min_gain=group.min_gain,
    )
    judged = verdict.judge(known, found, rule)
    gains = {gap.gap: gap.value for gap in found}
    return {
        "splits": {split: value.as_json() for split, value in errors.items()},
        "metrics": {split: metrics(table, group.task) for split, table in tables.items()},
        "human": human,
        "baseline": {split: _against_baseline(table, strategy) for split, table in tables.items()},
        **verdict.as_json(found, judged),
        "next": actions.next_steps(judged.primary, judged.insufficient, gains),
    }


def metrics(table: pd.DataFrame, task: str) -> dict[str, float]:
    """Give the weighted mean of each metric the task reports."""
    return {
        name: float(np.average(table[column], weights=table["weight"]))
        for name, column in scoring(task).METRICS.items()
    }


def _estimate(table: pd.DataFrame, column: str, strategy: Strategy) -> Estimate:
    split = str(table["split"].iloc[0])
    return estimate(
        table[column].to_numpy(np.float64),
        table["weight"].to_numpy(np.float64),
        table["group_id"].to_numpy(),
        generator("bootstrap", strategy.seed, split),
        resamples=strategy.resamples,
        confidence=strategy.confidence,
    )


def _against_baseline(table: pd.DataFrame, strategy: Strategy) -> dict[str, Any]:
    """Compare with the trivial predictor on the same examples."""
    gain = table.assign(gain=table["baseline_loss"] - table["loss"])
    estimated = _estimate(gain, "gain", strategy)
    return {
        "error": float(np.average(table["baseline_loss"], weights=table["weight"])),
        "gain": estimated.as_json(),
        "beaten": estimated.lo > 0,
    }
