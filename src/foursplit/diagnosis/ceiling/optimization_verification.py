"""The optimization verification test: errors of the search, and errors of the objective.

Source: Ng (2018), Machine Learning Yearning, chapters 44-46 (the optimization verification test).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foursplit.diagnosis.ceiling.bootstrap import DEFAULT_SAMPLING, Sampling
from foursplit.diagnosis.prediction_table import SCORES, PredictionTable
from foursplit.diagnosis.stats.bootstrap import Estimate, estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """The share of errors with the first of two causes, search and objective."""

    kinds: tuple[str, str]
    share: Estimate  # of the errors: those with the first cause
    gain_of_first: float  # reduction in error if it were perfect
    gain_of_second: float
    work_on: str | None  # None: the interval includes one half

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "kinds": list(self.kinds), "share": self.share.as_json()}


def verify_table(
    table: PredictionTable, rng: np.random.Generator, sampling: Sampling = DEFAULT_SAMPLING
) -> dict[str, Any]:
    """Attribute the errors of a table by its columns `score_y` and `score_y_hat`.

    Errors without scores are ignored, so the scored ones must be a representative sample.  In
    reinforcement learning the scores are the returns of a human and of the policy: the search is
    then the learning algorithm, and the objective the reward function (chapter 45).
    """
    truth, output = SCORES
    if not table.has(truth):
        return {"not_applicable": f"No columns {truth} and {output}."}
    scored = table.take(table.is_error & table.frame[truth].notna().to_numpy())
    n_errors = int(table.is_error.sum())
    if not len(scored):
        return {"not_applicable": f"None of the {n_errors:,} errors has both scores."}
    error = float(np.average(table.loss * table.is_error, weights=table.weight))
    truth_scores, output_scores = (scored.frame[name].to_numpy(np.float64) for name in SCORES)
    weight = scored.loss * scored.weight if scored.loss.all() else scored.weight
    share = _share_above(truth_scores, output_scores, scored.groups, rng, sampling, weight)
    verdict = _blame(share, error, ("search", "objective"))
    return {**verdict.as_json(), "n_errors": n_errors, "n_scored": len(scored)}


def _share_above(
    truth_scores: np.ndarray,
    output_scores: np.ndarray,
    groups: np.ndarray,
    rng: np.random.Generator,
    sampling: Sampling,
    weight: np.ndarray,
) -> Estimate:
    # No search can distinguish equal scores, so they count as errors of the objective.
    is_search_error = (truth_scores > output_scores).astype(np.float64)
    return estimate(
        is_search_error,
        weight,
        groups,
        rng,
        n_resamples=sampling.n_resamples,
        confidence=sampling.confidence,
    )


def _blame(share: Estimate, error: float, causes: tuple[str, str]) -> VerificationResult:
    return VerificationResult(
        share=share,
        gain_of_first=share.value * error,
        gain_of_second=(1 - share.value) * error,
        kinds=causes,
        work_on=causes[0] if share.lo > 0.5 else causes[1] if share.hi < 0.5 else None,
    )
