"""One model trained from several seeds: the mean over them, and what the seed itself adds.

Source: Bouthillier et al. (2021), "Accounting for variance in machine learning benchmarks",
section 4: variance of the data plus the seeds' over their number.
"""

from collections.abc import Sequence

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import Table
from foursplit.diagnosis.stats.bootstrap import Estimate, interval


def mean_table(tables: Sequence[Table]) -> Table:
    """Average the losses of several seeds, example by example."""
    first = tables[0]
    if len(tables) == 1:
        return first
    losses = [first.loss, *(aligned(other, first) for other in tables[1:])]
    frame = first.frame.assign(loss=np.mean(losses, axis=0))
    return Table(split=first.split, frame=frame, path=first.path)


def aligned(other: Table, first: Table) -> np.ndarray:
    """Give a table's losses in the order of another's examples."""
    by_id = other.frame.set_index("example_id")["loss"]
    wanted = first.frame["example_id"]
    if len(by_id) != len(wanted) or not wanted.isin(by_id.index).all():
        raise FoursplitError(
            f"{other.path or other.split}: its examples are not those of "
            f"{first.path or first.split}: seeds of one model are scored on the same ones"
        )
    return by_id.loc[wanted].to_numpy(np.float64)


def with_seed_variance(
    found: Estimate, errors: Sequence[float], rng: np.random.Generator, confidence: float
) -> Estimate:
    """Widen an estimate by what training again would change; one seed says nothing of that."""
    k = len(errors)
    if k < 2:
        return found
    noise = rng.standard_t(k - 1, len(found.draws)) * np.std(errors, ddof=1) / np.sqrt(k)
    draws = np.maximum(found.draws + noise, 0.0)
    lo, hi = interval(draws, confidence)
    return Estimate(
        value=found.value,
        lo=min(lo, found.value),
        hi=max(hi, found.value),
        n=found.n,
        n_groups=found.n_groups,
        draws=draws,
    )
