"""What a learning curve means for the step "get more data".

Source: Ng (2018), Machine Learning Yearning, chapters 28-30; Ng, DLS C3 W1 (a step for each gap).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.diagnosis.decomposition.ledger import MERGED
from foursplit.diagnosis.learning_curve.fit import AHEAD, FLAT, CurveVerdict
from foursplit.diagnosis.recommendations.actions import Found

LINK = "variance"  # more data of train's kind shrinks this gap and no other
EVIDENCE = "learning_curve"


def of_variance(learnt: Mapping[str, Any]) -> CurveVerdict:
    """Give the verdict that concerns variance from what stage learn wrote of an experiment.

    It is train-dev's where dev is of another domain than train, and dev's elsewhere.
    """
    return CurveVerdict(**learnt.get("train_dev", learnt["dev"])["verdict"])


def more_data(verdict: CurveVerdict) -> Found | None:
    """Give the step that a curve asks for in place of "more data"; None where the target is met.

    Its gain is what ten times the data would take off the dev error, and None where the step is
    another one than more data.
    """
    make = _STEPS[verdict.reading]
    return make(verdict) if make else None


def corrected(steps: Sequence[Mapping[str, Any]], verdict: CurveVerdict) -> list[dict[str, Any]]:
    """Replace what the ranked `steps` say of variance by what the curve says; keep rank and gain.

    The gain stays the gap's own: closing all of it is the most that any step can give.
    """
    found = more_data(verdict)
    if found is None:
        return [dict(step) for step in steps]
    words = {
        "action": found.action, "evidence": found.evidence,
        "confirm_by": found.confirm_by, "stop_rule": found.stop_rule,
    }  # fmt: skip
    return [
        {**step, **words} if step["link"] in (LINK, MERGED) and step["gain"] is not None
        else dict(step)
        for step in steps
    ]  # fmt: skip


def _get(verdict: CurveVerdict) -> Found:
    needed = verdict.n_for_target
    count = f"about {needed:,} examples in all" if needed else "many times as many examples"
    return _more(verdict, f"more training data: {count} should reach the target")


def _get_in_part(verdict: CurveVerdict) -> Found:
    action = (
        f"more training data, which helps ({_way(verdict)}) and cannot suffice; fit train better"
    )
    return _more(verdict, action)


def _get_without_target(verdict: CurveVerdict) -> Found:
    if verdict.now - verdict.later < FLAT * verdict.now:
        return _other(f"regularisation, not more data, which does little ({_way(verdict)})")
    return _more(verdict, f"more training data ({_way(verdict)}), or regularisation")


def _fit_better(verdict: CurveVerdict) -> Found:
    return Found(
        action=f"fit train better: more data cannot help ({_way(verdict)})",
        link=LINK,
        gain=None,
        evidence=EVIDENCE,
        confirm_by="train a bigger model, or longer, on the same data",
        stop_rule="train error falls; if it does not, revert",
    )


def _regularise(verdict: CurveVerdict) -> Found:
    action = f"regularisation or other inputs: more data cannot reach the target ({_way(verdict)})"
    return _other(action)


def _measure(verdict: CurveVerdict) -> Found:
    return Found(
        action=f"more points of the learning curve, which does not tell yet ({_way(verdict)})",
        link=LINK,
        gain=None,
        evidence=EVIDENCE,
        confirm_by="raise sizes or repeats of the curve, and read it again",
        stop_rule="the likely curves agree whether the target is reached",
    )


def _more(verdict: CurveVerdict, action: str) -> Found:
    return Found(
        action=action,
        link=LINK,
        gain=max(0.0, verdict.now - verdict.later),
        evidence=EVIDENCE,
        confirm_by="get half as many examples again, and see whether dev error falls as foretold",
        stop_rule="dev error leaves the curve's band upwards; then stop collecting",
    )


def _other(action: str) -> Found:
    return Found(
        action=action,
        link=LINK,
        gain=None,
        evidence=EVIDENCE,
        confirm_by="try one penalty on the same data",
        stop_rule="train-dev error falls while train error rises less; else revert",
    )


def _way(verdict: CurveVerdict) -> str:
    return f"{AHEAD} times as much: {verdict.now:.1%} to {verdict.later:.1%}"


_STEPS = {
    "met": None,
    "bias": _fit_better,
    "partial": _get_in_part,
    "reaches": _get,
    "out_of_reach": _regularise,
    "open": _measure,
    "no_target": _get_without_target,
}
