"""Decide which gap to work on: thresholds, status of each gap, and a sentence.

Source: Ng, DLS C3 W1-W2; Ng (2018), Machine Learning Yearning, chapters 20-22, 40-41.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from foursplit.core import splits
from foursplit.diagnosis.decomposition import joint_gaps
from foursplit.diagnosis.decomposition.family import significant_names
from foursplit.diagnosis.decomposition.joint_gaps import (
    JointGap,
    contiguous_runs,
    exceeds,
    find_joint_gaps,
    is_significant,
    may_exceed,
    to_rescore,
)
from foursplit.diagnosis.decomposition.ledger import MERGED, UNSEEN, Gap, dev_level, ends
from foursplit.diagnosis.decomposition.ledger import SLACK as SLACK
from foursplit.diagnosis.stats.bootstrap import Estimate

FEW_GROUPS = "few_groups:"  # prefix of a split in `insufficient`
MIN_GROUPS = 6  # below, an interval says more about its assumptions than about the error


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictThresholds:
    """Thresholds above which a gap counts."""

    min_gap: float = 0.005  # error; no smaller gap counts
    min_gap_fraction: float = 0.10  # of the dev error; no smaller gap counts
    co_primary_fraction: float = 0.5  # share of the largest gap, from which on a gap is co-primary
    min_gain: float = 0.0  # the comparison group's own threshold
    gain_to_detect: float = 0.0  # that dev is to be large enough for; 0: by the thresholds

    def threshold(self, dev: float) -> float:
        return max(self.min_gain, self.min_gap, self.min_gap_fraction * dev)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which gaps count, and what is not known."""

    primary: tuple[str, ...]  # the largest gap up to dev, co-primary ones, overfitting to dev
    largest: str
    surpasses_human: bool
    insufficient: tuple[str, ...]  # what is not known
    sentence: str
    status: Mapping[str, str] = field(default_factory=dict)  # of each gap
    p_largest: Mapping[str, float | None] = field(default_factory=dict)
    joint: tuple[JointGap, ...] = ()  # of which only the sum is significant
    secondary: tuple[str, ...] = ()  # significant, but small beside the primary ones
    all_small: bool = False  # every gap is known to be below the threshold
    bias_at_most: float | None = None  # where no level is known: train error's upper bound

    @property
    def significant(self) -> tuple[str, ...]:
        """Primary and secondary gaps, in their order."""
        return (*self.primary, *self.secondary)

    @property
    def joint_names(self) -> tuple[str, ...]:
        return tuple(joint.gap for joint in self.joint)


NOT_LEARNED = ("train_dev", "dev")
"""Where a model may surpass people: train may be memorized, and test is opened once."""

OVERFIT = "dev_overfit"

TRAIN_ERROR = "train_error"
"""What is missing where train is worse than unseen examples: a train error to compare with."""

NO_LEVEL = "human_or_desired"
"""What is missing where avoidable bias has no level to be measured from."""

NAMES = {
    "avoidable_bias": "avoidable bias",
    "variance": "variance",
    "mismatch": "data mismatch",
    "dev_overfit": "overfitting to dev",
    MERGED: "variance or mismatch",
}
"""Names of the ledger's gaps."""

LEVELS = {
    "human": "human",
    **{str(split): title for split, title in splits.TITLES.items()},
    UNSEEN: "train-dev and dev",
}
"""How people write the levels of the ladder."""

TITLES = {**NAMES, **joint_gaps.NAMES}
"""Names of all that may be primary: gaps, and sums of contiguous gaps."""


def decide_verdict(
    errors: Mapping[str, Estimate],
    gaps: Sequence[Gap],
    rule: VerdictThresholds,
    *,
    people: bool = True,
    confidence: float = 0.95,
) -> Verdict:
    """Apply the thresholds to the gaps whose ends have groups enough; then say what is left.

    `people`: whether a human level exists for such answers; `confidence`: that of the gaps.
    """
    few = [name for name in _used(errors) if 0 < errors[name].n_groups < MIN_GROUPS]
    dev = dev_level(errors)
    limit = rule.threshold(dev.value if dev else 0.0)
    bound = _bias_bound(errors, few) if people else None
    insufficient = []
    if people and "human" not in errors and (bound is None or _may_matter(errors, limit)):
        insufficient.append(NO_LEVEL)
    insufficient += [MERGED] if any(gap.gap == MERGED for gap in gaps) else []
    insufficient += [FEW_GROUPS + split for split in few]
    judged = [gap for gap in gaps if {*ends(gap.gap, errors)}.isdisjoint(few)]
    rescore = any(gap.gap == "variance" and _is_negative(gap, limit) for gap in judged)
    if rescore:
        insufficient.append(TRAIN_ERROR)
        judged = [gap for gap in judged if gap.gap != "avoidable_bias"]
        bound = None
    runs = contiguous_runs(errors, gaps, confidence)
    names = significant_names([*gaps, *(run.total for run in runs)], 1 - confidence)
    single = [gap for gap in judged if gap.gap in names and is_significant(gap, limit)]
    joint = find_joint_gaps(
        errors,
        runs,
        names,
        limit,
        single={gap.gap for gap in single},
        unusable=[*few, "train"] if rescore else few,
    )
    if rescore:
        n = errors["train"].n
        joint = [to_rescore(j, n) if "avoidable_bias" in j.links else j for j in joint]
    material = sorted([*single, *(j.total for j in joint)], key=lambda g: -g.value)
    primary = _primary(material, rule)
    better = _better_than_human(errors)
    sentences = [
        _conclusion(gaps, judged, primary, limit, dev),
        _also([g for g in material if g not in primary]),
        _perhaps_larger(judged, material, joint),
        *(_joint(j) for j in joint),
        _rescore(gaps) if rescore else "",
        _few(few),
        _caveat(better, insufficient, bound),
    ]
    return Verdict(
        primary=tuple(g.gap for g in primary),
        largest=max(judged, key=lambda g: g.value).gap if judged else "",
        surpasses_human=any(name != "train" for name in better),
        insufficient=tuple(insufficient),
        sentence=" ".join(filter(None, sentences)),
        status={g.gap: _status(g, primary, material, judged, joint) for g in gaps},
        p_largest=_p_largest(gaps),
        joint=tuple(joint),
        secondary=tuple(g.gap for g in material if g not in primary),
        all_small=len(judged) == len(gaps) and not material and _all_small(judged, limit),
        bias_at_most=bound,
    )


def _used(errors: Mapping[str, Estimate]) -> list[str]:
    """Return the splits that gaps end at; train-dev and dev do not where they are pooled."""
    left_out = {"human"}
    if UNSEEN in errors:
        left_out |= {"train_dev"} if "test" in errors else {"train_dev", "dev"}
    return [name for name in errors if name not in left_out]


def _bias_bound(errors: Mapping[str, Estimate], few: Sequence[str]) -> float | None:
    """Return the most that avoidable bias can be without a level: train error's upper bound."""
    if "human" in errors or "train" not in errors or "train" in few:
        return None
    return errors["train"].hi


def _may_matter(errors: Mapping[str, Estimate], limit: float) -> bool:
    """Check whether some human level would make bias count: bias is at most train error."""
    return exceeds(errors["train"].value, limit)


def _is_negative(gap: Gap, limit: float) -> bool:
    """Check whether a gap is below zero by more than the limit, and beyond its interval."""
    return exceeds(-gap.value, limit) and (gap.hi is None or gap.hi < 0)


def _primary(material: Sequence[Gap], rule: VerdictThresholds) -> list[Gap]:
    """Return the largest gap, the co-primary ones, and overfitting to dev where it is significant.

    From dev to test is no part of the dev error, so it neither displaces a gap nor is displaced.
    """
    to_dev = [gap for gap in material if gap.gap != OVERFIT]
    primary = [g for g in to_dev if g.value >= rule.co_primary_fraction * to_dev[0].value - SLACK]
    return [*primary, *(gap for gap in material if gap.gap == OVERFIT)]


def _status(
    gap: Gap,
    primary: Sequence[Gap],
    material: Sequence[Gap],
    judged: Sequence[Gap],
    joint: Sequence[JointGap],
) -> str:
    if gap not in judged:
        return "insufficient"
    if any(gap.gap in j.links for j in joint):
        return "joint"
    if gap in primary:
        return "primary" if gap is primary[0] else "co_primary"
    return "secondary" if gap in material else "immaterial"


def _better_than_human(errors: Mapping[str, Estimate]) -> list[str]:
    """Name the splits that are better than the reference, beyond both intervals."""
    human = errors.get("human")
    if human is None:
        return []
    levels = ("train", UNSEEN) if UNSEEN in errors else ("train", *NOT_LEARNED)
    measured = [name for name in levels if name in errors]
    return [name for name in measured if errors[name].hi < human.lo - SLACK]


def _p_largest(gaps: Sequence[Gap]) -> dict[str, float | None]:
    """Return the share of draws in which each gap is the largest of all."""
    sampled = [g for g in gaps if g.replicates is not None]
    sizes = {len(g.replicates) for g in sampled if g.replicates is not None}
    if len(sampled) < len(gaps) or len(sizes) != 1:
        return {g.gap: None for g in gaps}
    table = np.stack([g.replicates for g in sampled if g.replicates is not None])
    winners = np.bincount(table.argmax(axis=0), minlength=len(sampled)) / table.shape[1]
    return {g.gap: float(share) for g, share in zip(sampled, winners, strict=True)}


def _conclusion(
    gaps: Sequence[Gap],
    judged: Sequence[Gap],
    primary: Sequence[Gap],
    limit: float,
    dev: Estimate | None,
) -> str:
    if not gaps:
        return "No gap is known: measure the error on train and dev."
    if primary:
        return f"Work on {_list(primary)}."
    if not judged:
        return "No gap can be judged."
    if _all_small(judged, limit):
        return f"Every gap is known to be below {limit:.1%}, the smallest that counts."
    if dev is not None and dev.n and dev.value == 0:
        return f"No gap is significant: no error in {dev.n:,} examples, so at most {dev.hi:.1%}."
    return "No gap is significant: those that there may be are within chance."


def _all_small(judged: Sequence[Gap], limit: float) -> bool:
    """Check whether no gap can exceed the limit: not noise hides one, there is none."""
    return bool(judged) and not any(may_exceed(gap, limit) for gap in judged)


def _list(gaps: Sequence[Gap]) -> str:
    return " and ".join(f"{TITLES[gap.gap]} ({gap.value:+.1%})" for gap in gaps)


def _also(secondary: Sequence[Gap]) -> str:
    return f"Also significant: {_list(secondary)}." if secondary else ""


def _perhaps_larger(
    judged: Sequence[Gap], material: Sequence[Gap], joint: Sequence[JointGap]
) -> str:
    """Name the gaps up to dev that are larger than the significant ones, but may be chance."""
    named = {gap.gap for gap in material} | {link for j in joint for link in j.links}
    largest = max((gap.value for gap in material if gap.gap != OVERFIT), default=None)
    if largest is None:
        return ""
    larger = [g for g in judged if g.gap not in {*named, OVERFIT} and g.value > largest + SLACK]
    return f"Perhaps larger, but not significant: {_list(larger)}." if larger else ""


def _joint(joint: JointGap) -> str:
    return f"Of {TITLES[joint.gap]} only the sum is significant: {separate(joint)}."


def separate(joint: JointGap) -> str:
    """Say what separates the gaps of a sum: which split to enlarge, and by how much."""
    if joint.rescore:
        return "a train error that is measured as that of dev would tell which"
    split = LEVELS[joint.enlarge]
    size = f"about {joint.n_needed:,}" if joint.n_needed else "more"
    return f"{size} {split} examples (now {joint.n:,}) would tell which"


def _rescore(gaps: Sequence[Gap]) -> str:
    below = next(-gap.value for gap in gaps if gap.gap == "variance")
    return (
        f"Train error is not comparable: it is {below:.1%} above that on unseen examples, so no "
        "bias is named by it."
    )


def _few(few: Sequence[str]) -> str:
    if not few:
        return ""
    return f"Too few groups on {' and '.join(few)}: gaps that end there are not judged."


def _caveat(better: Sequence[str], insufficient: Sequence[str], bound: float | None) -> str:
    if NO_LEVEL in insufficient:
        known = "" if bound is None else f", but at most {bound:.1%}, the bound of train error"
        return f"Without a human or desired level, avoidable bias is unknown{known}."
    if bound is not None:
        return f"Avoidable bias is at most {bound:.1%}, the bound of train error."
    unseen = [LEVELS[split] for split in (*NOT_LEARNED, UNSEEN) if split in better]
    if unseen:
        splits = " and ".join(unseen)
        return (
            f"The model beats the reference on {splits}: avoidable bias cannot be measured by it."
        )
    if better and TRAIN_ERROR not in insufficient:
        return "Train error is below the reference, so no avoidable bias shows."
    return ""


def as_json(gaps: Sequence[Gap], verdict: Verdict, errors: Collection[str]) -> dict[str, Any]:
    """Return ledger and verdict as the files hold them; `errors` names the levels."""
    return {
        "ledger": [
            {
                "gap": g.gap,
                "from": ends(g.gap, errors)[0],
                "to": ends(g.gap, errors)[1],
                "value": g.value,
                "lo": g.lo,
                "hi": g.hi,
                "status": verdict.status[g.gap],
                "p_largest": verdict.p_largest[g.gap],
            }
            for g in gaps
        ],
        "verdict": {
            "primary": list(verdict.primary),
            "largest": verdict.largest,
            "surpasses_human": verdict.surpasses_human,
            "insufficient": list(verdict.insufficient),
            "secondary": list(verdict.secondary),
            "all_small": verdict.all_small,
            "bias_at_most": verdict.bias_at_most,
            "joint": [joint.as_json() for joint in verdict.joint],
            "sentence": verdict.sentence,
        },
    }
