"""Whether dev is large enough to see what matters, and how many examples would be.

Source: Ng (2018), Machine Learning Yearning, chapters 7 and 17-18; Kish (1965), Survey Sampling,
section 8.2, on the design effect.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np

from foursplit.diagnosis.decomposition.verdict import Rule
from foursplit.diagnosis.prediction_table import Table
from foursplit.diagnosis.stats.bootstrap import standard_error
from foursplit.diagnosis.stats.power import advise
from foursplit.diagnosis.stats.seed_variance import align_losses

POWER = 0.8  # of cases in which a gain should show: the custom of the field


def of_tables(tables: Sequence[Table], rule: Rule) -> dict[str, Any]:
    """Judge dev's size; `tables` are those of one model's seeds, on the same examples.

    Two models are taken to differ on as many examples as two seeds do; with one seed, on as many
    as are wrong, which is so where they share half their errors.
    """
    first, losses = (
        tables[0],
        np.stack([tables[0].loss, *(align_losses(t, tables[0]) for t in tables[1:])]),
    )
    if not np.isin(losses, (0.0, 1.0)).all():
        return {"not_applicable": "Losses are quantities: compare two models to see what it takes."}
    error = float(np.average(losses.mean(axis=0), weights=first.weight))
    delta = rule.min_gain or rule.threshold(error)
    if error <= delta:
        why = f"The dev error of {error:.2%} leaves no gain of {delta:.2%}, which is what counts."
        return {"not_applicable": why}
    measured = _discordance(losses, first.weight)
    discordance = min(1.0, max(delta, error if measured is None else measured))
    effect = _design_effect(first, error)
    found = advise(error, max(1, int(len(first) / effect)), delta, discordance)
    return {
        "n": len(first),
        "delta": delta,
        "delta_from": "min_gain" if rule.min_gain else "what counts as a gap",
        "discordance": discordance,
        "discordance_from": "assumed: half the errors shared" if measured is None else "the seeds",
        "design_effect": effect,
        "power": found.power,
        "p_right_order": found.p_right_order,
        "enough": found.power >= POWER,
        "dev": ceil(found.dev * effect),
        "train_dev": ceil(found.train_dev * effect),
        "eyeball": found.eyeball,
        "not_applicable": None,
    }


def _discordance(losses: np.ndarray, weight: np.ndarray) -> float | None:
    """Give the share of examples on which two seeds differ, from (seed, example) losses."""
    k = len(losses)
    if k < 2:
        return None
    wrong = losses.sum(axis=0)
    return float(np.average(2 * wrong * (k - wrong) / (k * (k - 1)), weights=weight))


def _design_effect(table: Table, error: float) -> float:
    """Say how many rows tell as much as one that hangs together with no other and weighs alike."""
    n = len(table)
    grouped = int(table.groups.max()) + 1
    if grouped < 2 or not table.loss.any() or table.loss.all():
        return 1.0
    sums = np.bincount(table.groups, weights=table.weight * table.loss)
    spread = standard_error(sums, np.bincount(table.groups, weights=table.weight))
    plain = grouped == n and bool((table.weight == table.weight[0]).all())
    return 1.0 if plain else max(1.0, spread**2 / (error * (1 - error) / n))
