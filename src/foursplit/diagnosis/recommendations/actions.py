"""What to try next: for each gap, the action that is meant to reduce it.

Source: Ng, DLS C3 W1-W2 (orthogonalization; guidelines for each gap); Ng (2018), Machine Learning
Yearning, chapters 15, 25, 27, 42.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from foursplit.diagnosis.decomposition.ledger import MERGED

NOTHING = "nothing"
"""What an action changes of the model that only measures: it gains no error by itself."""

CHANGES = (
    "model_size", "epochs", "penalty", "train_data", "target_data", "examples", "labels",
    "optimization", "component", NOTHING,
)  # fmt: skip
"""What a step changes first, for programs that run it: `examples` are chosen ones of any domain."""

MOST = 3  # tags, slices, components and types that become a step each; the file has all


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What to do, the experiment that confirms it, and when to stop."""

    action: str
    confirm_by: str
    stop_rule: str
    changes: str = NOTHING  # one of CHANGES


ACTIONS: Mapping[str, Action] = {
    "avoidable_bias": Action(
        action="a bigger model, or longer training",
        confirm_by="train the larger model on the same data; read 100 of its errors on train",
        stop_rule="train error falls; if it does not, revert",
        changes="model_size",
    ),
    "variance": Action(
        action="more training data, or regularisation",
        confirm_by="plot the learning curve, or try stronger regularisation",
        stop_rule="train-dev error falls while train error rises less; else revert",
        changes="train_data",
    ),
    "mismatch": Action(
        action="compare 100 dev errors with train, and collect or synthesize similar examples",
        confirm_by="add a few examples like dev to train and train again",
        stop_rule="dev error falls while train-dev error stays; else revert",
        changes="target_data",
    ),
    "dev_overfit": Action(
        action="a larger or new dev set",
        confirm_by="score the same model on new examples of dev's distribution",
        stop_rule="the gap between test and dev shrinks on the new dev set",
    ),
    MERGED: Action(
        action="hold out a train-dev set, to separate variance from mismatch",
        confirm_by="score the model on examples of train's distribution that it never saw",
        stop_rule="the gap splits in two",
    ),
    "human_or_desired": Action(
        action="measure a human level, or state a desired error",
        confirm_by="let people label 100 dev examples with adjudicated labels",
        stop_rule="avoidable bias becomes known",
    ),
    "train_error": Action(
        action="score train in evaluation mode, without dropout or augmentation, as dev is",
        confirm_by="score the same model on train again; check how train-dev was split off",
        stop_rule="train error is no longer significantly above that of unseen examples",
    ),
    "all_small": Action(
        action="stop, or lower the threshold: every gap is known to be below it",
        confirm_by="state the smallest gain that is worth the work (min_gain)",
        stop_rule="no gap exceeds it",
    ),
    "none": Action(
        action="stop, or get a larger dev set: no gap is significant",
        confirm_by="a dev set several times as large",
        stop_rule="a gap is significant",
    ),
}
"""For each gap or missing number: what to do, and what confirms it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A step that something other than a gap suggests: a tag, a slice, labels."""

    action: str
    link: str  # tag:<name>, slice:<where>, labels, data
    gain: float | None  # the most it can take off the dev error
    evidence: str
    confirm_by: str
    stop_rule: str
    changes: str = NOTHING  # one of CHANGES


def next_steps(
    primary: Sequence[str],
    insufficient: Sequence[str],
    gains: Mapping[str, float | None],
    suggestions: Sequence[Suggestion] = (),
    most: float = 1.0,
    actions: Mapping[str, Action] = ACTIONS,
) -> list[dict[str, Any]]:
    """Rank steps by the most they can gain; then list what has to be measured.

    A gap and a tag are two views of the same error: their gains are ceilings, never to be added.
    `most` is what any suggestion can gain at most; of two that reach it, the larger comes first.
    `actions` are those of the gaps.
    """
    for_gaps = [_for_gap(gap, gains[gap], actions[gap]) for gap in primary]
    known = [(step.gain, step) for step in (*for_gaps, *suggestions) if step.gain is not None]
    capped = [(gain, replace(step, gain=min(gain, most))) for gain, step in known]
    capped.sort(key=lambda item: (-(item[1].gain or 0.0), -item[0]))
    ranked = [step for _, step in capped]
    ranked += [step for step in (*for_gaps, *suggestions) if step.gain is None]
    ranked += [_missing(name) for name in insufficient if name not in primary]
    ranked = ranked or [_missing("none")]
    return [{"rank": rank, **asdict(step)} for rank, step in enumerate(ranked, start=1)]


def _for_gap(name: str, gain: float | None, action: Action) -> Suggestion:
    return Suggestion(link=name, gain=gain, evidence=f"ledger.{name}", **asdict(action))


def _missing(name: str) -> Suggestion:
    action = ACTIONS.get(name) or _measure(name)
    return Suggestion(link=name, gain=None, evidence="verdict.insufficient", **asdict(action))


def _measure(name: str) -> Action:
    """Return the action for a missing number of a split, such as "few_groups:dev"."""
    number, _, split = name.partition(":")
    return Action(
        action=f"measure more: {number.replace('_', ' ')}{f' on {split}' if split else ''}",
        confirm_by="collect it, and diagnose again",
        stop_rule="the verdict no longer lists it as missing",
    )
