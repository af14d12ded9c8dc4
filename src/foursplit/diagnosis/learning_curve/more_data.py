"""Recommendations from a learning curve for the step "get more data".

Source: Ng (2018), Machine Learning Yearning, chapters 28-30; Ng, DLS C3 W1 (a step for each gap).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.diagnosis.decomposition.ledger import MERGED
from foursplit.diagnosis.learning_curve.fit import DATA_MULTIPLE, MIN_PROGRESS, CurveVerdict
from foursplit.diagnosis.recommendations.actions import Suggestion

TARGET_DATA = "target_data"  # what a step changes that asks for data like dev's

LINK = "variance"  # more data from train's distribution reduces only this gap
EVIDENCE = "learning_curve"


def variance_verdict(results: Mapping[str, Any]) -> CurveVerdict:
    """Return the verdict on variance from the learning-curve results of an experiment.

    It is that of train-dev if there is one (dev is from another domain), else that of dev.
    """
    return CurveVerdict(**results.get("train_dev", results["dev"])["verdict"])


def more_data_step(verdict: CurveVerdict) -> Suggestion | None:
    """Return the step that a curve recommends instead of "more data"; None if the target is met.

    Its gain is the reduction in dev error with ten times the data; None for steps other than more
    data.
    """
    make_step = _STEPS[verdict.reading]
    return make_step(verdict) if make_step else None


def correct_steps(
    steps: Sequence[Mapping[str, Any]], verdict: CurveVerdict
) -> list[dict[str, Any]]:
    """Return the ranked `steps` with the curve's step for variance; rank and gain are kept.

    The gain stays that of the gap: no step can gain more than closing it.  A curve measures more
    data of train's distribution: a step that asks for data like dev's stays as it is.
    """
    curve_step = more_data_step(verdict)
    if curve_step is None:
        return [dict(step) for step in steps]
    replaced = {
        "action": curve_step.action,
        "evidence": curve_step.evidence,
        "confirm_by": curve_step.confirm_by,
        "stop_rule": curve_step.stop_rule,
        "changes": curve_step.changes,
    }
    return [
        {**step, **replaced}
        if step["link"] in (LINK, MERGED)
        and step["gain"] is not None
        and step["changes"] != TARGET_DATA
        else dict(step)
        for step in steps
    ]


def _more_data_step(verdict: CurveVerdict) -> Suggestion:
    needed = verdict.n_for_target
    count = f"about {needed:,} examples in all" if needed else "many times as many examples"
    return _data_step(verdict, f"more training data: {count} should reach the target")


def _insufficient_data_step(verdict: CurveVerdict) -> Suggestion:
    action = (
        f"more training data, which helps ({_effect(verdict)}) but cannot suffice; fit train better"
    )
    return _data_step(verdict, action)


def _step_without_target(verdict: CurveVerdict) -> Suggestion:
    if verdict.now - verdict.later < MIN_PROGRESS * verdict.now:
        return _regularization(
            f"regularisation, not more data, which helps little ({_effect(verdict)})"
        )
    return _data_step(verdict, f"more training data ({_effect(verdict)}), or regularisation")


def _fit_better_step(verdict: CurveVerdict) -> Suggestion:
    return Suggestion(
        action=f"fit train better: more data cannot help ({_effect(verdict)})",
        link=LINK,
        gain=None,
        evidence=EVIDENCE,
        confirm_by="train a bigger model, or longer, on the same data",
        stop_rule="train error falls; if it does not, revert",
        changes="model_size",
    )


def _regularization_step(verdict: CurveVerdict) -> Suggestion:
    action = (
        f"regularisation or other inputs: more data cannot reach the target ({_effect(verdict)})"
    )
    return _regularization(action)


def _more_points_step(verdict: CurveVerdict) -> Suggestion:
    return Suggestion(
        action=f"more points of the learning curve, which is undecided ({_effect(verdict)})",
        link=LINK,
        gain=None,
        evidence=EVIDENCE,
        confirm_by="raise sizes or repeats of the curve, and read it again",
        stop_rule="the replicates agree whether the target is reached",
    )


def _larger_dev_step(verdict: CurveVerdict) -> Suggestion:
    return Suggestion(
        action=f"a larger dev set: {verdict.now:.1%} is below the target, perhaps by chance",
        link=LINK,
        gain=None,
        evidence=EVIDENCE,
        confirm_by="score the same model on more dev examples",
        stop_rule="the target is outside the interval of the error",
    )


def _data_step(verdict: CurveVerdict, action: str) -> Suggestion:
    return Suggestion(
        action=action,
        link=LINK,
        gain=max(0.0, verdict.now - verdict.later),
        evidence=EVIDENCE,
        confirm_by="collect half as many examples again; dev error should fall as predicted",
        stop_rule="stop collecting once dev error is above the curve's band",
        changes="train_data",
    )


def _regularization(action: str) -> Suggestion:
    return Suggestion(
        action=action,
        link=LINK,
        gain=None,
        evidence=EVIDENCE,
        confirm_by="try one penalty on the same data",
        stop_rule="train-dev error falls while train error rises less; else revert",
        changes="penalty",
    )


def _effect(verdict: CurveVerdict) -> str:
    return f"{DATA_MULTIPLE} times as much: {verdict.now:.1%} to {verdict.later:.1%}"


_STEPS = {
    "met": None,
    "perhaps_met": _larger_dev_step,
    "bias": _fit_better_step,
    "partial": _insufficient_data_step,
    "reaches": _more_data_step,
    "out_of_reach": _regularization_step,
    "open": _more_points_step,
    "no_target": _step_without_target,
}
