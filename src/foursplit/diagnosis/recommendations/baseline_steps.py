"""The step for a model that does not beat the constant answer, and for a metric that sees no class.

Source: Ng (2018), Machine Learning Yearning, chapters 8 and 10-11 (change the metric first); Ng,
MLS C2 W3 (skewed datasets).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.diagnosis.baseline import Baseline

METRIC = {
    "action": "choose a metric that sees the rare class: f1, average_precision or balanced_error "
    "(`metric:` of the group in params.yaml, or --metric)",
    "link": "baseline",
    "gain": None,
    "changes": "nothing",
    "evidence": "baseline",
    "confirm_by": "diagnose again by that metric: the constant answer must score badly",
    "stop_rule": "the metric ranks a useful model above the constant answer",
}

BEAT = {
    "action": "beat the baseline before anything else: check that inputs and labels belong "
    "together, then train on 100 examples until they are learnt",
    "link": "baseline",
    "gain": None,
    "changes": "nothing",
    "evidence": "baseline",
    "confirm_by": "diagnose again: the interval of the gain over the baseline excludes 0",
    "stop_rule": "the model is significantly better than the constant answer",
}


SHOW = {
    "action": "show that the model beats the baseline: more dev examples, or more seeds where they "
    "differ",
    "link": "baseline",
    "gain": None,
    "changes": "nothing",
    "evidence": "baseline",
    "confirm_by": "diagnose again with several times as many examples",
    "stop_rule": "the model is significantly better than the constant answer; if not, drop it",
}


def with_baseline(
    baseline: Baseline | None, steps: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the steps with that of the baseline, where one is due.

    Where a class is rare, the metric comes first: by the present one no step can be judged.
    Otherwise a gap that is significant says why the model does not beat the baseline, and its step
    comes first; only where there is none, the baseline's does.
    """
    if baseline is None or (baseline.beaten and not baseline.rare):
        return [dict(step) for step in steps]
    own = METRIC if baseline.rare else SHOW if baseline.gain > 0 else BEAT
    known = 0 if baseline.rare else sum(step["gain"] is not None for step in steps)
    ranked = [*steps[:known], own, *steps[known:]]
    return [{**step, "rank": rank} for rank, step in enumerate(ranked, start=1)]
