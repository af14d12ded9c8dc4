"""Whether dev is large enough to detect the gains that count, and what size would be.

Source: Ng (2018), Machine Learning Yearning, chapters 7 and 17-18; Kish (1965), Survey Sampling,
section 8.2, on the design effect.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

import numpy as np

from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.not_applicable import NotApplicable
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.bootstrap import standard_error
from foursplit.diagnosis.stats.power import recommend_sizes
from foursplit.diagnosis.stats.seed_variance import align_losses

POWER = 0.8  # of cases in which a gain should show: the custom of the field


@dataclass(frozen=True, slots=True, kw_only=True)
class DevSize:
    """What dev can detect, and the sizes that would be enough."""

    n: int
    delta: float  # the gain to detect
    delta_from: str
    discordance: float  # share of examples on which two models differ
    discordance_from: str
    design_effect: float  # rows that are worth one independent row
    power: float
    p_right_order: float
    enough: bool
    dev: int
    train_dev: int
    eyeball: int

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "not_applicable": None}


def of_tables(
    tables: Sequence[PredictionTable], rule: VerdictThresholds
) -> DevSize | NotApplicable:
    """Assess the size of dev; `tables` are those of one model's seeds, on the same examples.

    Two models are assumed to differ on as many examples as two seeds do.  With one seed they are
    assumed to differ on as many as are wrong: two such models share half their errors.
    """
    first = tables[0]
    losses = np.stack([first.loss, *(align_losses(table, first) for table in tables[1:])])
    if not np.isin(losses, (0.0, 1.0)).all():
        return NotApplicable(
            reason="Losses are quantities: compare two models to see what it takes."
        )
    error = float(np.average(losses.mean(axis=0), weights=first.weight))
    # A gain of min_gain decides nothing where the error is fifty times as large.
    delta = rule.gain_to_detect or max(rule.min_gain or rule.min_gap, rule.min_gap_fraction * error)
    if error <= delta:
        why = f"The dev error of {error:.2%} leaves no gain of {delta:.2%}, which is what counts."
        return NotApplicable(reason=why)
    measured = _discordance(losses, first.weight)
    discordance = min(1.0, max(delta, error if measured is None else measured))
    effect = _design_effect(first, error)
    advice = recommend_sizes(error, max(1, int(len(first) / effect)), delta, discordance)
    return DevSize(
        n=len(first),
        delta=delta,
        delta_from="min_gain" if delta == rule.min_gain else "what counts as a gap",
        discordance=discordance,
        discordance_from="assumed: half the errors shared" if measured is None else "the seeds",
        design_effect=effect,
        power=advice.power,
        p_right_order=advice.p_right_order,
        enough=advice.power >= POWER,
        dev=ceil(advice.dev * effect),
        train_dev=ceil(advice.train_dev * effect),
        eyeball=advice.eyeball,
    )


def _discordance(losses: np.ndarray, weight: np.ndarray) -> float | None:
    """Return the share of examples on which two seeds differ, from (seed, example) losses."""
    k = len(losses)
    if k < 2:
        return None
    wrong = losses.sum(axis=0)
    return float(np.average(2 * wrong * (k - wrong) / (k * (k - 1)), weights=weight))


def _design_effect(table: PredictionTable, error: float) -> float:
    """Return the design effect: how many rows carry as much information as an independent one."""
    n = len(table)
    grouped = int(table.groups.max()) + 1
    if grouped < 2 or not table.loss.any() or table.loss.all():
        return 1.0
    sums = np.bincount(table.groups, weights=table.weight * table.loss)
    spread = standard_error(sums, np.bincount(table.groups, weights=table.weight))
    plain = grouped == n and bool((table.weight == table.weight[0]).all())
    return 1.0 if plain else max(1.0, spread**2 / (error * (1 - error) / n))
