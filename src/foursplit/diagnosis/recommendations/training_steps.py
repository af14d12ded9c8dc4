"""The step "train longer": where train is not fitted yet and its loss still falls.

Longer training is the cheapest way to fit train, and until training has converged neither the size
of the model nor a penalty has been tried.

Source: Ng, DLS C3 W1 (orthogonalization: fit train first); C2 W1 (bigger network, longer training).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from foursplit.diagnosis.learning_curve.convergence import Convergence
from foursplit.diagnosis.recommendations.actions import ACTIONS, Action, Suggestion
from foursplit.diagnosis.result import Diagnosis

TIMES = 4  # as many epochs: what a forecast is for
WORTH = (
    0.5  # share of the bias that longer training must close, to be advised before a larger model
)
STEEP = 0.1  # rate from which on neither a penalty nor the size of the model holds train loss
LEARNT = 0.5  # share of the constant answer's error, below which a model is not too small
CO_PRIMARY = 0.5  # share of the first gain, from which on a step that needs no data comes first

SETTINGS = ("epochs", "penalty")
MIN_ROOM = 0.005  # of train error above the least possible; less has nothing to gain

LINK = "training"


def bigger(convergence: Convergence | None, *, has_epochs: bool) -> str:
    """Return the action for a model that is too small; longer training only where it may help."""
    if not has_epochs:
        return "a more flexible model, or more features"
    if convergence is None:
        return ACTIONS["avoidable_bias"].action
    if convergence.is_falling:
        return "a bigger model, then longer training: its train loss still falls, but too slowly"
    return f"a bigger model: its train loss no longer falls after {convergence.epochs} epochs"


def longer(convergence: Convergence, train: float) -> Action:
    """Return the action, with the train error that is forecast where there is a forecast."""
    fall = (
        f"its train loss still fell in the last of {convergence.epochs} epochs"
        if convergence.is_short
        else f"its train loss still falls after {convergence.epochs} epochs; {TIMES} times as many "
        f"would take train error from {train:.1%} to about {convergence.after(train, TIMES):.1%}"
    )
    return Action(
        action=f"train longer: {fall}",
        confirm_by=f"train {TIMES} times as many epochs, and plot the losses of train and dev",
        stop_rule="train loss no longer falls, or dev error rises",
        changes="epochs",
    )


def bias_action(diagnosis: Diagnosis, convergence: Convergence, *, penalty: bool) -> Action | None:
    """Return longer training as the action for avoidable bias; None where something else is due.

    It is due where four times the epochs are forecast to close half the bias.  Where the loss still
    falls steeply it is due as well, if a penalty would be blamed instead, or if the model errs less
    than half as often as the constant answer: one that has learnt less by then is too small.
    """
    errors = diagnosis.decomposition.errors
    if "train" not in errors or not convergence.is_falling:
        return None
    train = errors["train"].value
    baseline = diagnosis.baseline
    has_learnt = baseline is not None and train < LEARNT * baseline.error
    steep = convergence.lo is not None and convergence.lo > STEEP and (penalty or has_learnt)
    if convergence.is_short or steep or _closes_half(diagnosis, convergence):
        return longer(convergence, train)
    return None


def unconverged(diagnosis: Diagnosis, convergence: Convergence) -> Suggestion | None:
    """Return longer training as a step of its own, to be taken before all others; else None.

    After few epochs every gap is that of a beginning.  Where no gap is significant, a model that
    has not converged is trained on before anybody stops or measures.
    """
    parts = diagnosis.decomposition
    room = _room(diagnosis)
    if "train" not in parts.errors or not convergence.is_falling or room is None:
        return None
    is_first = convergence.is_short and room >= _mismatch(diagnosis)
    nothing_else = not parts.verdict.significant and not parts.verdict.joint
    if not (is_first or (nothing_else and _closes_half(diagnosis, convergence))):
        return None
    action = longer(convergence, parts.errors["train"].value)
    return Suggestion(
        action=action.action,
        link=LINK,
        gain=room if "human" in parts.errors else None,
        evidence="convergence",
        confirm_by=action.confirm_by,
        stop_rule=action.stop_rule,
        changes=action.changes,
    )


def with_longer(steps: Sequence[Mapping[str, Any]], diagnosis: Diagnosis) -> list[dict[str, Any]]:
    """Return the ranked steps, before them longer training where that comes first.

    Another step that asks for it is left out: it is the same experiment.
    """
    convergence = diagnosis.convergence
    first = unconverged(diagnosis, convergence) if convergence else None
    if first is None:
        return _settings_first(steps, _mismatch(diagnosis))
    ranked = [asdict(first), *(step for step in steps if step["changes"] != first.changes)]
    return [{**step, "rank": rank} for rank, step in enumerate(ranked, start=1)]


def _mismatch(diagnosis: Diagnosis) -> float:
    """Return the gap that no training closes; without a train-dev set, all from train to dev."""
    gaps = diagnosis.decomposition.gaps
    return max((gap.value for gap in gaps if gap.gap.endswith("mismatch")), default=0.0)


def _settings_first(steps: Sequence[Mapping[str, Any]], mismatch: float) -> list[dict[str, Any]]:
    """Move a step that only changes a penalty or the epochs before one of like gain on data.

    Where mismatch is larger than what it gains, data come first.
    """
    gains = [step["gain"] or 0.0 for step in steps]
    for number, step in enumerate(steps):
        is_like = gains[number] >= CO_PRIMARY * gains[0] > 0 and gains[number] >= mismatch
        if step["changes"] in SETTINGS and is_like:
            moved = [step, *steps[:number], *steps[number + 1 :]]
            return [{**step, "rank": rank} for rank, step in enumerate(moved, start=1)]
    return [dict(step) for step in steps]


def _room(diagnosis: Diagnosis) -> float | None:
    """Return train error above the least possible; None where it is too small to count."""
    parts = diagnosis.decomposition
    if "train" not in parts.errors:
        return None
    least = parts.errors["human"].value if "human" in parts.errors else 0.0
    room = parts.errors["train"].value - least
    return room if room > MIN_ROOM else None


def _closes_half(diagnosis: Diagnosis, convergence: Convergence) -> bool:
    room = _room(diagnosis)
    if room is None or convergence.is_short:
        return False
    train = diagnosis.decomposition.errors["train"].value
    return train - convergence.after(train, TIMES) >= WORTH * room
