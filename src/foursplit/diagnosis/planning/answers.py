"""Decisions about data and design as checklists: synthesis, transfer, several tasks, pipelines.

Source: Ng, DLS C3 W2 (artificial data synthesis, transfer learning, multi-task learning, end-to-end
deep learning); Ng (2018), Machine Learning Yearning, chapters 37-39, 43, 47-52 and 57.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.ledger import Gap, gaps
from foursplit.diagnosis.decomposition.verdict import SLACK, Rule
from foursplit.diagnosis.stats.bootstrap import Estimate

REUSE = 100  # times a source may be used: an hour of noise under 1,000 of speech is ten times that

AHEAD = 10  # times more data the source of a transfer should have, for its features to be better

BALANCE = 10  # times one task's data may exceed another's before the smaller is drowned

CONFIDENCE = 0.95  # of the intervals taken here

Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Yes, no, or not known and what would tell; codes that end in 0 report no problem."""

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
    rule: Rule | None = None,
) -> Answer:
    """Guard against synthetic data that repeats few sources, whatever it looks like to people.

    `factors` gives, for each thing that was varied, how much was made and from how many distinct
    sources (in one unit: clips, car models, hours); `left_out` is the error on sources kept out of
    the synthesis less that on those used.
    """
    for name, (made, unique) in factors.items():
        if unique <= 0 or made < 0:
            raise FoursplitError(f"factor {name!r}: {made!r} made from {unique!r} sources")
    reuse = {name: made / unique for name, (made, unique) in factors.items()}
    most = max(reuse.values(), default=0.0)
    tired = [f"{name} ({times:,.0f} times)" for name, times in reuse.items() if times > REUSE]
    if tired:
        why = f"Each source is used over {REUSE} times: {', '.join(tired)}. A network learns them."
        return Answer(code="ST061", recommended=False, why=why, value=most,
                      missing=("more distinct sources",))  # fmt: skip
    if left_out is not None and _material(left_out, dev_error, rule):
        why = f"Sources left out of the synthesis cost {left_out.value:+.1%}: they are learnt."
        return Answer(code="ST061", recommended=False, why=why, value=most,
                      missing=("more distinct sources",))  # fmt: skip
    lacking = [] if reuse else ["how much was made from how many sources"]
    lacking += ["error with sources left out of the synthesis"] if left_out is None else []
    if lacking:
        why = "To look real to people is needed and not enough: its variety is not known."
        return Answer(code="ST060", recommended=None, why=why, missing=tuple(lacking),
                      value=most if reuse else None)  # fmt: skip
    why = f"No source is used over {REUSE} times, and new sources do as well."
    return Answer(code="ST060", recommended=True, why=why, value=most)


def transfer(
    n_source: int, n_target: int, same_input: bool | None, shared_features: bool | None
) -> Answer:
    """Say whether to start from a network trained on another task."""
    checks = {
        "both tasks have the same kind of input": same_input,
        "low-level features of one plausibly help the other": shared_features,
        f"the source has at least {AHEAD} times the data": n_source >= AHEAD * n_target,
    }
    advice = (
        "Compare three runs by a paired interval: from scratch, last layers alone, all layers; "
        "the fewer target examples, the fewer layers."
    )
    return _checklist("ST062", checks, advice)


def start_weight(n_target: int, n_source: int) -> Answer:
    """Give the weight of a source example at which both sets weigh the same in the loss."""
    if n_target <= 0 or n_source <= 0:
        raise FoursplitError(f"{n_target} target and {n_source} source examples: both need some")
    beta = n_target / n_source
    why = f"At {beta:.4g} for each source example both sets weigh alike; tune it on dev from there."
    return Answer(code="ST063", recommended=beta < 1, why=why, value=min(1.0, beta))


def consistent(gain_of_feature: Gap | None, dev_error: float, rule: Rule | None = None) -> Answer:
    """Say whether two sources may be pooled as they are: the input alone must tell the answer.

    `gain_of_feature` is the error without less that with a feature naming the source.
    """
    if gain_of_feature is None:
        return Answer(code="ST064", recommended=None, why="Consistency was not tested.",
                      missing=("error with a feature that names the source",))  # fmt: skip
    if _material(gain_of_feature, dev_error, rule):
        why = (
            f"Knowing the source takes {gain_of_feature.value:.1%} off the error: the same input "
            "has other answers there. Keep the feature, or leave the source out."
        )
        return Answer(code="ST064", recommended=False, why=why, value=gain_of_feature.value)
    if _may_matter(gain_of_feature, dev_error, rule):
        return Answer(code="ST064", recommended=None, why="The interval is too wide to tell.",
                      missing=("more target dev examples",))  # fmt: skip
    return Answer(code="ST060", recommended=True, value=gain_of_feature.value,
                  why="Knowing the source changes nothing that counts: pool the data.")  # fmt: skip


def use_source(gain: Gap | None, dev_error: float, rule: Rule | None = None) -> Answer:
    """Say whether to add a source of data, by the error on target dev without less with it."""
    if gain is None:
        return Answer(code="ST060", recommended=None, why="Nothing was compared.",
                      missing=("error on target dev with and without the source",))  # fmt: skip
    if _material(gain, dev_error, rule):
        return Answer(code="ST060", recommended=True, value=gain.value,
                      why=f"It takes {gain.value:.1%} off the error on target dev.")  # fmt: skip
    if _may_matter(gain, dev_error, rule):
        return Answer(code="ST060", recommended=None, why="The interval is too wide to tell.",
                      missing=("more target dev examples",))  # fmt: skip
    return Answer(code="ST060", recommended=False, value=gain.value,
                  why="It gives nothing that counts and takes capacity: leave it out.")  # fmt: skip


def multi_task(
    n_per_task: Mapping[str, int],
    *,
    shared_input: bool | None,
    exclusive: bool | None,
    output: Literal["softmax", "sigmoid"],
    missing_masked: bool | None,
    big_enough: bool | None,
) -> Answer:
    """Say whether to train one network for several tasks; `exclusive`: one label alone can hold."""
    if exclusive is False and output == "softmax":
        why = "Several labels can hold at once, and a softmax lets one alone: use a sigmoid each."
        return Answer(code="ST071", recommended=False, why=why)
    sizes = list(n_per_task.values())
    if len(sizes) < 2 or min(sizes) <= 0:
        raise FoursplitError(f"tasks {dict(n_per_task)}: at least two, each with labelled examples")
    alike = max(sizes) <= BALANCE * min(sizes)
    helped = all(BALANCE * n <= sum(sizes) - n for n in sizes)
    checks = {
        "tasks share their low-level features": shared_input,
        "tasks have similar amounts of data, or each little beside the others": alike or helped,
        "the network is big enough for all": big_enough,
        "missing labels are left out of the loss": missing_masked,
        "whether one label excludes the others": True if output == "sigmoid" else exclusive,
    }
    advice = "Compare joint with solo for each task by a paired interval, and name those that lose."
    return _checklist("ST070", checks, advice)


def end_to_end(
    direct_less_pipeline: Gap | None,
    dev_error: float,
    *,
    crossing: Number | None,
    n_obtainable: Number | None,
    component_sizes: Mapping[str, int] | None = None,
    rule: Rule | None = None,
) -> Answer:
    """Say whether one network from input to answer should replace a pipeline.

    The gap is of errors trained on the pairs there are; `crossing` is the number of pairs at which
    the learning curves are expected to meet.
    """
    sizes = ", ".join(f"{name} {n:,}" for name, n in (component_sizes or {}).items())
    parts = f" Data of the parts: {sizes}." if sizes else ""
    gap = direct_less_pipeline
    if gap is not None and not _may_matter(gap, dev_error, rule):
        why = "With the pairs there are, one network is no worse by anything that counts."
        return Answer(code="ST080", recommended=True, why=why + parts, value=gap.value)
    if crossing is not None and n_obtainable is not None:
        enough = bool(crossing <= n_obtainable)
        why = f"The curves meet at {crossing:,.0f} pairs, and {n_obtainable:,.0f} can be had."
        value = None if gap is None else gap.value
        return Answer(code="ST080", recommended=enough, why=why + parts, value=value)
    known = {
        "error of both with the same pairs": gap,
        "number of pairs at which the learning curves meet": crossing,
        "number of pairs that can be had": n_obtainable,
    }
    lacking = tuple(name for name, found in known.items() if found is None)
    why = "More pairs may decide it."
    return Answer(code="ST080", recommended=None, why=why + parts, missing=lacking)


def flawed_pipeline(
    parts: Mapping[str, tuple[Estimate, Estimate | None]],
    system: tuple[Estimate, Estimate | None],
    rule: Rule | None = None,
) -> Answer:
    """Say whether to redesign: each part is as good as people at its task, the whole is not.

    Every pair is the error and that of people given the same input.
    """
    pairs = {**parts, "the system": system}
    lacking = tuple(f"human error of {n}" for n, (_, human) in pairs.items() if human is None)
    if lacking or not parts:
        why = "Not all parts have a human level."
        return Answer(code="ST050", recommended=None, why=why, missing=lacking or ("the parts",))
    rule = rule or Rule()
    gap = {n: _over(e, human) for n, (e, human) in pairs.items() if human}
    above = [n for n in gap if _material(gap[n], pairs[n][0].value, rule)]
    unsure = [n for n in gap if n not in above and _may_matter(gap[n], pairs[n][0].value, rule)]
    weak = ", ".join(name for name in above if name != "the system")
    if weak:
        why = f"Not at its human level yet: {weak}."
        return Answer(code="ST050", recommended=False, why=why)
    if unsure and (above or "the system" in unsure):
        why = "Too few examples to say who is at human level."
        return Answer(code="ST050", recommended=None, why=why,
                      missing=tuple(f"more examples of {n}" for n in unsure))  # fmt: skip
    if above == ["the system"]:
        why = "Every part is at its human level and the whole is not: redesign, add information."
        return Answer(code="ST052", recommended=True, why=why)
    return Answer(code="ST050", recommended=False, why="The system is at human level.")


def _checklist(code: str, checks: Mapping[str, bool | None], advice: str) -> Answer:
    failed = [name for name, holds in checks.items() if holds is False]
    unknown = tuple(name for name, holds in checks.items() if holds is None)
    if failed:
        return Answer(code=code, recommended=False, why=f"Does not hold: {'; '.join(failed)}.")
    if unknown:
        return Answer(code=code, recommended=None, why="Not all is known.", missing=unknown)
    return Answer(code=code, recommended=True, why=f"All conditions hold. {advice}")


def _material(gap: Gap, dev_error: float, rule: Rule | None) -> bool:
    limit = (rule or Rule()).threshold(dev_error)
    return gap.value > limit + SLACK and (gap.lo is None or gap.lo > 0)


def _may_matter(gap: Gap, dev_error: float, rule: Rule | None) -> bool:
    """Say whether the gap may exceed what counts, as far as its interval tells."""
    reach = gap.value if gap.hi is None else gap.hi
    return reach > (rule or Rule()).threshold(dev_error) + SLACK


def _over(error: Estimate, human: Estimate) -> Gap:
    """Give an error less that of people at the same task."""
    return gaps({"human": human, "train": error}, CONFIDENCE)[0]
