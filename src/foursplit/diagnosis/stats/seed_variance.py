"""Several seeds of one model: the mean over them, and the variance that seeds add.

Seeds differ for two reasons: one is better than another everywhere, and each errs on examples of
its own.  The second is noise of the examples, which their interval has already; counted again with
the seeds, it would make the mean of three seeds less certain than one.

Source: Bouthillier et al. (2021), "Accounting for variance in machine learning benchmarks",
section 4; Searle, Casella and McCulloch (1992), Variance Components, chapter 4 (two-way crossed
classification: the variance of the mean is that of rows plus that of columns less the interaction).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.bootstrap import Estimate, percentile_interval

PAIRED = 0.5  # correlation of two models' errors by seed and example from which on seeds are pairs


def mean_table(tables: Sequence[PredictionTable]) -> PredictionTable:
    """Return a table of the mean loss of each example over several seeds."""
    first = tables[0]
    if len(tables) == 1:
        return first
    losses = [first.loss, *(align_losses(other, first) for other in tables[1:])]
    seed_losses = np.stack(losses)
    return PredictionTable(
        split=first.split,
        frame=first.frame.assign(loss=seed_losses.mean(axis=0)),
        path=first.path,
        seed_losses=seed_losses,
    )


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


def interaction(losses: np.ndarray, weight: np.ndarray, groups: np.ndarray) -> float:
    """Return the variance of one seed's mean error that comes from its errors by example.

    `losses` are (seed, example), and `groups` numbers the sampling units.  It is what the errors of
    seeds differ by where no seed is better than another.
    """
    n_seeds, n_groups = len(losses), int(groups.max()) + 1
    if n_seeds < 2 or n_groups < 2:
        return 0.0
    off = (losses - losses.mean(axis=0)) * weight / weight.sum()
    share = np.bincount(groups, weights=weight, minlength=n_groups) / weight.sum()
    squares = 0.0
    for row in off:
        influence = np.bincount(groups, weights=row, minlength=n_groups) - row.sum() * share
        squares += float(influence @ influence)
    return squares * n_groups / (n_groups - 1) / (n_seeds - 1)


def are_paired(a: np.ndarray, b: np.ndarray) -> bool:
    """Check whether the seeds of two models, (seed, example) each, err on the same examples.

    Equal numbers do not make two trainings alike; the examples show whether they are.
    """
    if a.shape != b.shape or len(a) < 2:
        return False
    first, second = (losses - losses.mean(axis=0) for losses in (a, b))
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return size > 0 and float((first * second).sum()) / size > PAIRED


def t_draws(
    errors: Sequence[float], rng: np.random.Generator, n: int, of_examples: float = 0.0
) -> np.ndarray:
    """Draw n deviations of the mean over seeds, by Student's t; a single seed gives zeros.

    `of_examples` is the part of the variance of one seed's error that is no seed's own.  Draws of
    several splits from equal generators are paired by seed: what moves two splits alike cancels in
    their difference.
    """
    n_seeds = len(errors)
    if n_seeds < 2:
        return np.zeros(n)
    centered = np.asarray(errors, dtype=np.float64) - float(np.mean(errors))
    variance = float(centered @ centered) / (n_seeds - 1)
    own = max(0.0, 1 - of_examples / variance) if variance > 0 else 0.0
    normal = rng.standard_normal((n, n_seeds)) @ centered
    return np.asarray(normal * np.sqrt(own / n_seeds / rng.chisquare(n_seeds - 1, n)))


def add_seed_variance(
    found: Estimate,
    errors: Sequence[float],
    rng: np.random.Generator,
    confidence: float,
    of_examples: float = 0.0,
    max_error: float | None = None,
) -> Estimate:
    """Return an estimate widened by the variance over seeds; with one seed, unchanged.

    No interval leaves the range from 0 to `max_error`, without a bound where that is None.
    """
    if len(errors) < 2:
        return found
    noise = t_draws(errors, rng, len(found.replicates), of_examples)
    replicates = np.clip(found.replicates + noise, 0.0, max_error)
    lo, hi = percentile_interval(replicates, confidence)
    return replace(found, lo=min(lo, found.value), hi=max(hi, found.value), replicates=replicates)
