"""Whether the search failed to find the best answer, or the score calls the wrong answer best.

Source: Ng (2018), Machine Learning Yearning, chapters 44-46 (the optimization verification test).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.ceiling.bootstrap import USUAL, Sampling
from foursplit.diagnosis.prediction_table import SCORES, Table
from foursplit.diagnosis.stats.bootstrap import Estimate, estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """How many errors lie with the first of two kinds of cause, such as search and objective."""

    kinds: tuple[str, str]
    share: Estimate  # of the errors, that lie with the first
    gain_of_first: float  # error that would go if it were perfect
    gain_of_second: float
    work_on: str | None  # None: the interval holds one half

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "kinds": list(self.kinds), "share": self.share.as_json()}


def search_or_objective(
    truth_score: np.ndarray, output_score: np.ndarray, error: float, groups: np.ndarray,
    rng: np.random.Generator, sampling: Sampling = USUAL,
) -> Blame:  # fmt: skip
    """Blame the search where the truth scores above the answer it found, else the score itself.

    The scores are of errors alone; `error` is the error rate they make up.
    """
    share = _share_above(truth_score, output_score, groups, rng, sampling)
    return _blame(share, error, ("search", "objective"))


def of_table(table: Table, rng: np.random.Generator, sampling: Sampling = USUAL) -> dict[str, Any]:
    """Judge the errors of a table by its columns `score_truth` and `score_output`.

    Errors that were not scored are left out, so those that were must be a fair part of them.
    """
    truth, output = SCORES
    if not table.has(truth):
        return {"not_applicable": f"No columns {truth} and {output}."}
    scored = table.take(table.is_error & table.frame[truth].notna().to_numpy())
    n_errors = int(table.is_error.sum())
    if not len(scored):
        return {"not_applicable": f"None of the {n_errors:,} errors has both scores."}
    reach = float(np.average(table.loss * table.is_error, weights=table.weight))
    wanted, got = (scored.frame[name].to_numpy(np.float64) for name in SCORES)
    weight = scored.loss * scored.weight if scored.loss.all() else scored.weight
    share = _share_above(wanted, got, scored.groups, rng, sampling, weight)
    found = _blame(share, reach, ("search", "objective"))
    return {**found.as_json(), "n_errors": n_errors, "n_scored": len(scored)}


def _share_above(
    wanted: np.ndarray, got: np.ndarray, groups: np.ndarray, rng: np.random.Generator,
    sampling: Sampling, weight: np.ndarray | None = None,
) -> Estimate:  # fmt: skip
    if len(wanted) == 0:
        raise FoursplitError("no errors were given: there is nothing to blame")
    above = (wanted > got).astype(np.float64)  # of equal scores no search can tell the better
    return estimate(
        above, np.ones(len(above)) if weight is None else weight, groups, rng,
        resamples=sampling.resamples, confidence=sampling.confidence,
    )  # fmt: skip


def _blame(share: Estimate, error: float, words: tuple[str, str]) -> Blame:
    return Blame(
        share=share,
        gain_of_first=share.value * error,
        gain_of_second=(1 - share.value) * error,
        kinds=words,
        work_on=words[0] if share.lo > 0.5 else words[1] if share.hi < 0.5 else None,
    )
