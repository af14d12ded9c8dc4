"""Several seeds of one model: the mean over them, and the variance that seeds add.

Source: Bouthillier et al. (2021), "Accounting for variance in machine learning benchmarks",
section 4: variance of the data plus the seeds' variance over their number.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.bootstrap import Estimate, percentile_interval


def mean_table(tables: Sequence[PredictionTable]) -> PredictionTable:
    """Return a table of the mean loss of each example over several seeds."""
    first = tables[0]
    if len(tables) == 1:
        return first
    losses = [first.loss, *(align_losses(other, first) for other in tables[1:])]
    frame = first.frame.assign(loss=np.mean(losses, axis=0))
    return PredictionTable(split=first.split, frame=frame, path=first.path)


def align_losses(table: PredictionTable, like: PredictionTable) -> np.ndarray:
    """Return the losses of `table` in the order of the examples of `like`."""
    by_id = table.frame.set_index("example_id")["loss"]
    ids = like.frame["example_id"]
    if len(by_id) != len(ids) or not ids.isin(by_id.index).all():
        raise FoursplitError(
            f"{table.path or table.split}: its examples are not those of "
            f"{like.path or like.split}; score all seeds of a model on the same examples"
        )
    return by_id.loc[ids].to_numpy(np.float64)


def t_draws(errors: Sequence[float], rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw n deviations of the mean over seeds, by Student's t; a single seed gives zeros."""
    n_seeds = len(errors)
    if n_seeds < 2:
        return np.zeros(n)
    return rng.standard_t(n_seeds - 1, n) * float(np.std(errors, ddof=1)) / sqrt(n_seeds)


def add_seed_variance(
    found: Estimate,
    errors: Sequence[float],
    rng: np.random.Generator,
    confidence: float,
    max_error: float | None = None,
) -> Estimate:
    """Return an estimate widened by the variance over seeds; with one seed, unchanged.

    No interval leaves the range from 0 to `max_error`, without a bound where that is None.
    """
    if len(errors) < 2:
        return found
    deviations = t_draws(errors, rng, len(found.replicates))
    replicates = np.clip(found.replicates + deviations, 0.0, max_error)
    lo, hi = percentile_interval(replicates, confidence)
    return Estimate(
        value=found.value,
        lo=min(lo, found.value),
        hi=max(hi, found.value),
        n=found.n,
        n_groups=found.n_groups,
        replicates=replicates,
    )
