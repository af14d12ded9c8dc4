"""Checklists for decisions on data and design: synthesis, transfer, multi-task, pipelines.

Source: Ng, DLS C3 W2 (artificial data synthesis, transfer learning, multi-task learning, end-to-end
deep learning); Ng (2018), Machine Learning Yearning, chapters 37-39, 43, 47-52 and 57.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.ledger import Gap, gaps
from foursplit.diagnosis.decomposition.verdict import SLACK, VerdictThresholds
from foursplit.diagnosis.stats.bootstrap import Estimate

MAX_REUSE = 100  # times that a source may be reused; 1 h of noise for 1,000 h of speech is 1,000

MIN_SOURCE_RATIO = 10  # the source of a transfer should have this many times the target's data

MAX_IMBALANCE = 10  # times one task's data may exceed another's

CONFIDENCE = 0.95  # of intervals

Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Yes, no, or unknown with what to measure; codes that end in 0 report no problem."""

    code: str
    recommended: bool | None
    why: str
    missing: tuple[str, ...] = ()
    value: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "missing": list(self.missing)}


def synthesis(
    factors: Mapping[str, tuple[Number, Number]],
    left_out: Gap | None,
    dev_error: float,
    rule: VerdictThresholds | None = None,
) -> Answer:
    """Decide whether synthetic data has enough variety, however realistic it looks to people.

    `factors` gives, for each factor of variation, how much was made and from how many distinct
    sources (in one unit: clips, car models, hours).  `left_out` is the error on sources held out of
    the synthesis less that on those used.
    """
    for name, (made, unique) in factors.items():
        if unique <= 0 or made < 0:
            raise FoursplitError(f"factor {name!r}: {made!r} made from {unique!r} sources")
    reuse = {name: made / unique for name, (made, unique) in factors.items()}
    max_reuse = max(reuse.values(), default=0.0)
    overused = [
        f"{name} ({n_uses:,.0f} times)" for name, n_uses in reuse.items() if n_uses > MAX_REUSE
    ]
    if overused:
        why = (
            f"Each source is used over {MAX_REUSE} times: {', '.join(overused)}. A network can "
            "memorise them."
        )
        return Answer(
            code="ST061",
            recommended=False,
            why=why,
            value=max_reuse,
            missing=("more distinct sources",),
        )
    if left_out is not None and _material(left_out, dev_error, rule):
        why = (
            f"Held-out sources have {left_out.value:+.1%} error: the network memorised the others."
        )
        return Answer(
            code="ST061",
            recommended=False,
            why=why,
            value=max_reuse,
            missing=("more distinct sources",),
        )
    missing_facts = [] if reuse else ["how much was made from how many sources"]
    missing_facts += ["error with sources left out of the synthesis"] if left_out is None else []
    if missing_facts:
        why = "Looking real to people is necessary, not sufficient: the variety is unknown."
        return Answer(
            code="ST060",
            recommended=None,
            why=why,
            missing=tuple(missing_facts),
            value=max_reuse if reuse else None,
        )
    why = f"No source is used over {MAX_REUSE} times, and held-out sources have no higher error."
    return Answer(code="ST060", recommended=True, why=why, value=max_reuse)


def transfer(
    n_source: int, n_target: int, same_input: bool | None, shared_features: bool | None
) -> Answer:
    """Decide whether to start from a network trained on another task."""
    checks = {
        "both tasks have the same kind of input": same_input,
        "low-level features of one plausibly help the other": shared_features,
        f"the source has at least {MIN_SOURCE_RATIO} times the data": n_source
        >= MIN_SOURCE_RATIO * n_target,
    }
    advice = (
        "Compare three runs by a paired interval: from scratch, last layers only, all layers; "
        "the fewer target examples, the fewer layers."
    )
    return _checklist("ST062", checks, advice)


def start_weight(n_target: int, n_source: int) -> Answer:
    """Return the weight of a source example at which both domains have equal weight in the loss."""
    if n_target <= 0 or n_source <= 0:
        raise FoursplitError(
            f"{n_target} target and {n_source} source examples: both need one or more"
        )
    beta = n_target / n_source
    why = (
        f"At {beta:.4g} a source example both domains have equal weight; tune it on dev from there."
    )
    return Answer(code="ST063", recommended=beta < 1, why=why, value=min(1.0, beta))


def consistent(
    gain_of_feature: Gap | None, dev_error: float, rule: VerdictThresholds | None = None
) -> Answer:
    """Decide whether two sources can be pooled: the same input must have the same answer.

    `gain_of_feature` is the error without less that with a feature that names the source.
    """
    if gain_of_feature is None:
        return Answer(
            code="ST064",
            recommended=None,
            why="Consistency was not measured.",
            missing=("error with a feature that names the source",),
        )
    if _material(gain_of_feature, dev_error, rule):
        why = (
            f"Knowing the source reduces the error by {gain_of_feature.value:.1%}: the same input "
            "has different answers. Keep the feature, or drop the source."
        )
        return Answer(code="ST064", recommended=False, why=why, value=gain_of_feature.value)
    if _may_matter(gain_of_feature, dev_error, rule):
        return Answer(
            code="ST064",
            recommended=None,
            why="The interval is too wide to decide.",
            missing=("more target dev examples",),
        )
    return Answer(
        code="ST060",
        recommended=True,
        value=gain_of_feature.value,
        why="Knowing the source gives no relevant gain: pool the data.",
    )


def use_source(gain: Gap | None, dev_error: float, rule: VerdictThresholds | None = None) -> Answer:
    """Decide whether to add a source of data, by its gain on target dev."""
    if gain is None:
        return Answer(
            code="ST060",
            recommended=None,
            why="No comparison was made.",
            missing=("error on target dev with and without the source",),
        )
    if _material(gain, dev_error, rule):
        return Answer(
            code="ST060",
            recommended=True,
            value=gain.value,
            why=f"It reduces the error on target dev by {gain.value:.1%}.",
        )
    if _may_matter(gain, dev_error, rule):
        return Answer(
            code="ST060",
            recommended=None,
            why="The interval is too wide to decide.",
            missing=("more target dev examples",),
        )
    return Answer(
        code="ST060",
        recommended=False,
        value=gain.value,
        why="It gives no relevant gain and uses capacity: leave it out.",
    )


def multi_task(
    n_per_task: Mapping[str, int],
    *,
    shared_input: bool | None,
    exclusive: bool | None,
    output: Literal["softmax", "sigmoid"],
    missing_masked: bool | None,
    big_enough: bool | None,
) -> Answer:
    """Decide whether to train one network for several tasks; `exclusive`: one label at most."""
    if exclusive is False and output == "softmax":
        why = (
            "Several labels can be true at once, but a softmax allows one: use a sigmoid for each."
        )
        return Answer(code="ST071", recommended=False, why=why)
    sizes = list(n_per_task.values())
    if len(sizes) < 2 or min(sizes) <= 0:
        raise FoursplitError(
            f"tasks {dict(n_per_task)}: needs two or more, each with labelled examples"
        )
    is_balanced = max(sizes) <= MAX_IMBALANCE * min(sizes)
    is_helped = all(MAX_IMBALANCE * n <= sum(sizes) - n for n in sizes)
    checks = {
        "tasks share their low-level features": shared_input,
        "tasks have similar amounts of data, or each far less than the others together": is_balanced
        or is_helped,
        "the network is big enough for all": big_enough,
        "missing labels are masked in the loss": missing_masked,
        "whether one label excludes the others": True if output == "sigmoid" else exclusive,
    }
    advice = (
        "Compare joint and single-task training by a paired interval, and list tasks that lose."
    )
    return _checklist("ST070", checks, advice)


def end_to_end(
    direct_less_pipeline: Gap | None,
    dev_error: float,
    *,
    crossing: Number | None,
    n_obtainable: Number | None,
    component_sizes: Mapping[str, int] | None = None,
    rule: VerdictThresholds | None = None,
) -> Answer:
    """Decide whether one end-to-end network should replace a pipeline.

    The gap is measured with the available pairs; `crossing` is the number of pairs at which the
    learning curves are expected to cross.
    """
    sizes = ", ".join(f"{name} {n:,}" for name, n in (component_sizes or {}).items())
    component_text = f" Data of the components: {sizes}." if sizes else ""
    gap = direct_less_pipeline
    if gap is not None and not _may_matter(gap, dev_error, rule):
        why = "With the available pairs, one network is not relevantly worse."
        return Answer(code="ST080", recommended=True, why=why + component_text, value=gap.value)
    if crossing is not None and n_obtainable is not None:
        enough = bool(crossing <= n_obtainable)
        why = f"The curves cross at {crossing:,.0f} pairs, and {n_obtainable:,.0f} can be obtained."
        value = None if gap is None else gap.value
        return Answer(code="ST080", recommended=enough, why=why + component_text, value=value)
    facts = {
        "error of both with the same pairs": gap,
        "number of pairs at which the learning curves cross": crossing,
        "number of pairs that can be obtained": n_obtainable,
    }
    missing_facts = tuple(name for name, fact in facts.items() if fact is None)
    why = "More pairs may decide it."
    return Answer(code="ST080", recommended=None, why=why + component_text, missing=missing_facts)


def flawed_pipeline(
    parts: Mapping[str, tuple[Estimate, Estimate | None]],
    system: tuple[Estimate, Estimate | None],
    rule: VerdictThresholds | None = None,
) -> Answer:
    """Decide whether to redesign: each component is at human level, but the whole is not.

    Every pair is the error and that of humans given the same input.
    """
    pairs = {**parts, "the system": system}
    missing_facts = tuple(f"human error of {n}" for n, (_, human) in pairs.items() if human is None)
    if missing_facts or not parts:
        why = "Not all components have a human level."
        return Answer(
            code="ST050", recommended=None, why=why, missing=missing_facts or ("the components",)
        )
    rule = rule or VerdictThresholds()
    gap = {n: _human_gap(e, human) for n, (e, human) in pairs.items() if human}
    above = [n for n in gap if _material(gap[n], pairs[n][0].value, rule)]
    undecided = [n for n in gap if n not in above and _may_matter(gap[n], pairs[n][0].value, rule)]
    below_human = ", ".join(name for name in above if name != "the system")
    if below_human:
        why = f"Below human level: {below_human}."
        return Answer(code="ST050", recommended=False, why=why)
    if undecided and (above or "the system" in undecided):
        why = "There are too few examples to decide which components are at human level."
        return Answer(
            code="ST050",
            recommended=None,
            why=why,
            missing=tuple(f"more examples of {n}" for n in undecided),
        )
    if above == ["the system"]:
        why = "Every component is at human level but the whole is not: redesign, add information."
        return Answer(code="ST052", recommended=True, why=why)
    return Answer(code="ST050", recommended=False, why="The system is at human level.")


def _checklist(code: str, checks: Mapping[str, bool | None], advice: str) -> Answer:
    failed = [name for name, holds in checks.items() if holds is False]
    unknown_checks = tuple(name for name, holds in checks.items() if holds is None)
    if failed:
        return Answer(code=code, recommended=False, why=f"Not met: {'; '.join(failed)}.")
    if unknown_checks:
        return Answer(
            code=code, recommended=None, why="Not all conditions are known.", missing=unknown_checks
        )
    return Answer(code=code, recommended=True, why=f"All conditions are met. {advice}")


def _material(gap: Gap, dev_error: float, rule: VerdictThresholds | None) -> bool:
    limit = (rule or VerdictThresholds()).threshold(dev_error)
    return gap.value > limit + SLACK and (gap.lo is None or gap.lo > 0)


def _may_matter(gap: Gap, dev_error: float, rule: VerdictThresholds | None) -> bool:
    """Return whether the interval of the gap includes relevant values."""
    upper_end = gap.value if gap.hi is None else gap.hi
    return upper_end > (rule or VerdictThresholds()).threshold(dev_error) + SLACK


def _human_gap(error: Estimate, human: Estimate) -> Gap:
    """Return an error less that of humans at the same task."""
    return gaps({"human": human, "train": error}, CONFIDENCE)[0]
