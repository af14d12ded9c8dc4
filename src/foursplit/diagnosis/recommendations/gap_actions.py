"""The action for each gap, by what is known of the training and of its neighbours.

A sum of gaps of which none is significant by itself gets the action of the likeliest: to measure
more tells which it is, but takes nothing off the error.

Source: Ng, DLS C3 W1-W2 (guidelines for each gap; build the first system quickly, then iterate);
Ng (2018), Machine Learning Yearning, chapters 25, 27 and 42.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from foursplit.diagnosis.decomposition.joint_gaps import JointGap
from foursplit.diagnosis.decomposition.ledger import MERGED
from foursplit.diagnosis.decomposition.verdict import TITLES, separate
from foursplit.diagnosis.recommendations import training_steps
from foursplit.diagnosis.recommendations.actions import ACTIONS, Action, Suggestion
from foursplit.diagnosis.recommendations.gains import gap_gains, largest_gain
from foursplit.diagnosis.result import Diagnosis

LIKE_DEV = Action(
    action="more training data, like dev's where it can be had: it takes off variance and data "
    "mismatch alike; else more of train's, or regularisation",
    confirm_by="add a few examples like dev to train and train again",
    stop_rule="dev error falls; if it does not, revert",
    changes="target_data",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What is known of how the model was trained."""

    penalties: Mapping[str, float] = field(default_factory=dict)  # regularization that is on
    same_distribution: bool = True  # of train and dev
    has_epochs: bool = True


UNKNOWN = Training()
"""A training of which nothing is known."""


def for_gaps(diagnosis: Diagnosis, training: Training) -> dict[str, Action]:
    """Return the action for each gap, and for each number that is missing."""
    changed: dict[str, Action] = {}
    dev_to_test = diagnosis.dev_to_test
    if dev_to_test is not None and not dev_to_test.is_overfitting:
        changed["dev_overfit"] = Action(
            action="compare dev with test before a new dev set: a harder test or luck may be all "
            f"of {dev_to_test.gap:+.2%}",
            confirm_by="score other models on both, or cross-validate on both together",
            stop_rule="the gap is significant beyond luck and difficulty: then a larger dev set",
        )
    bigger = training_steps.bigger(diagnosis.convergence, has_epochs=training.has_epochs)
    changed["avoidable_bias"] = replace(ACTIONS["avoidable_bias"], action=bigger)
    if training.penalties:
        on = ", ".join(f"{name} is {value:g}" for name, value in training.penalties.items())
        changed["avoidable_bias"] = Action(
            action=f"less regularisation ({on}); then {bigger}",
            confirm_by="train without the penalty on the same data",
            stop_rule="train error falls and train-dev error rises less; if not, revert",
            changes="penalty",
        )
    if diagnosis.convergence is not None:
        penalty = bool(training.penalties)
        longer = training_steps.bias_action(diagnosis, diagnosis.convergence, penalty=penalty)
        changed |= {"avoidable_bias": longer} if longer else {}
    if not training.same_distribution and _mismatch(diagnosis) > 0:
        changed["variance"] = LIKE_DEV
    return {**ACTIONS, **changed}


def gains(diagnosis: Diagnosis, actions: Mapping[str, Action]) -> dict[str, float | None]:
    """Return the most that the action of each gap takes off the dev error.

    Data like dev's closes variance and mismatch together.
    """
    parts = diagnosis.decomposition
    found = gap_gains(parts.errors, parts.gaps)
    variance = found.get("variance")
    if variance is not None and actions["variance"] is LIKE_DEV:
        both = variance + _mismatch(diagnosis)
        found["variance"] = min(both, largest_gain(parts.errors))
    return found


def for_joint_gaps(diagnosis: Diagnosis, actions: Mapping[str, Action]) -> list[Suggestion]:
    """Return a step for each sum of gaps of which only the sum is significant."""
    return [
        _step(joint, number, _likeliest(joint, diagnosis, actions))
        for number, joint in enumerate(diagnosis.decomposition.verdict.joint)
    ]


def _step(joint: JointGap, number: int, action: Action) -> Suggestion:
    if joint.rescore:
        return Suggestion(
            action=f"separate {TITLES[joint.gap]}: {separate(joint)}",
            link=joint.gap,
            gain=joint.value,
            evidence=f"verdict.joint.{number}",
            confirm_by="score train in evaluation mode, and diagnose again",
            stop_rule="one of the gaps is significant by itself",
        )
    return Suggestion(
        action=f"{action.action}; of {TITLES[joint.gap]} only the sum is significant: "
        f"{separate(joint)}",
        link=joint.gap,
        gain=joint.value,
        evidence=f"verdict.joint.{number}",
        confirm_by=action.confirm_by,
        stop_rule=f"{action.stop_rule}, and separate the gaps first",
        changes=action.changes,
    )


def _likeliest(joint: JointGap, diagnosis: Diagnosis, actions: Mapping[str, Action]) -> Action:
    """Return the action of the largest gap of a sum; one that helps against both where it can."""
    if joint.gap == MERGED:
        return actions["variance"]
    values = {gap.gap: gap.value for gap in diagnosis.decomposition.gaps}
    largest = max(joint.links, key=lambda link: values[link])
    action = actions[largest]
    # One distribution has no mismatch: what looks like it is variance.
    if largest == "mismatch" and actions["variance"] is not LIKE_DEV:
        action = actions["variance"]
    return action


def _mismatch(diagnosis: Diagnosis) -> float:
    gaps = diagnosis.decomposition.gaps
    return max((gap.value for gap in gaps if gap.gap == "mismatch"), default=0.0)
