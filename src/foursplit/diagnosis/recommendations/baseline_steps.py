"""The steps that come before all others: a model that does not beat the constant answer.

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
    "evidence": "baseline",
    "confirm_by": "diagnose again by that metric: the constant answer must score badly",
    "stop_rule": "the metric ranks a useful model above the constant answer",
}

BEAT = {
    "action": "beat the baseline before anything else: check that inputs and labels belong "
    "together, then train on 100 examples until they are learnt",
    "link": "baseline",
    "gain": None,
    "evidence": "baseline",
    "confirm_by": "diagnose again: the interval of the gain over the baseline excludes 0",
    "stop_rule": "the model is significantly better than the constant answer",
}


SHOW = {
    "action": "show that the model beats the baseline: more dev examples, or more seeds where they "
    "differ",
    "link": "baseline",
    "gain": None,
    "evidence": "baseline",
    "confirm_by": "diagnose again with several times as many examples",
    "stop_rule": "the model is significantly better than the constant answer; if not, drop it",
}


def before_all(
    baseline: Baseline | None, steps: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the steps, led by the metric where a class is rare, or by the baseline that stands."""
    if baseline is None or (baseline.beaten and not baseline.rare):
        return [dict(step) for step in steps]
    lead = SHOW if baseline.gain > 0 else BEAT
    ranked = [METRIC if baseline.rare else lead, *steps]
    return [{**step, "rank": rank} for rank, step in enumerate(ranked, start=1)]
