"""Recommend what to do next: from the gaps, and from tags, slices, labels, components and data."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.diagnosis.decomposition.joint_gaps import JointGap
from foursplit.diagnosis.decomposition.ledger import MERGED
from foursplit.diagnosis.decomposition.verdict import TITLES, separate
from foursplit.diagnosis.error_analysis import unseen_classes
from foursplit.diagnosis.error_analysis.label_audit import Audit
from foursplit.diagnosis.error_analysis.tags import Tag
from foursplit.diagnosis.not_applicable import NotApplicable
from foursplit.diagnosis.recommendations.actions import Suggestion, next_steps
from foursplit.diagnosis.result import Diagnosis, ErrorMatrixSection, HumanAdvantage, Tags
from foursplit.diagnosis.slices import slice_report
from foursplit.diagnosis.slices.slice_report import SliceReport

MOST = 3  # tags, slices, components and types that become a step each; the file has all


def recommend(diagnosis: Diagnosis, *, people: bool = True) -> list[dict[str, Any]]:
    """Return the next steps, ranked by the most they can gain.

    `people`: whether a human level exists for such answers.
    """
    parts = diagnosis.decomposition
    gains = {gap.gap: gap.value for gap in parts.gaps}
    single = [gap for gap in parts.verdict.significant if gap not in parts.verdict.joint_names]
    steps = [*_joint_gaps(parts.verdict.joint), *suggest(diagnosis, people=people)]
    missing = parts.verdict.insufficient
    if parts.verdict.all_small and not steps and not missing:
        missing = ("all_small",)
    return next_steps(single, missing, gains, steps)


def _joint_gaps(joint: Sequence[JointGap]) -> list[Suggestion]:
    """Ask for the examples that separate gaps of which only the sum is significant."""
    return [
        Suggestion(
            action=f"separate {TITLES[gap.gap]}: {separate(gap)}",
            link=gap.gap,
            gain=gap.value,
            evidence=f"verdict.joint.{number}",
            confirm_by="score train in evaluation mode, and diagnose again"
            if gap.rescore
            else "score the model on more examples of that split, and diagnose again",
            stop_rule="one of the gaps is significant by itself",
        )
        for number, gap in enumerate(joint)
    ]


def suggest(diagnosis: Diagnosis, *, people: bool = True) -> list[Suggestion]:
    """List the steps that other sections than the gaps suggest."""
    parts = diagnosis.decomposition
    dev_error = parts.errors["dev"].value if "dev" in parts.errors else 0.0
    steps = [
        *_tags(diagnosis.tags),
        *_slices(diagnosis.slices),
        *_labels(diagnosis.labels),
        *_components(diagnosis.ceilings, dev_error),
        *_search(diagnosis.search),
        *_drivers(diagnosis),
        *unseen_classes.suggestions(diagnosis.unseen_classes, dev_error),
    ]
    if people:
        steps += [*_human_labels(diagnosis), *_human_advantage(diagnosis.human_advantage)]
    return steps


def _tags(tags: Tags | NotApplicable) -> list[Suggestion]:
    """Suggest the largest tags, except those that correct answers have as often.

    A ceiling is what would go if all examples with the tag were right.  It does not say that
    fixing what the tag names makes them right.
    """
    if isinstance(tags, NotApplicable):
        return []
    largest = tags.report.tags[:MOST]
    steps = [
        _of_tag(number, tag) for number, tag in enumerate(largest) if tag.stands_out is not False
    ]
    doubtful = ", ".join(repr(tag.tag) for tag in largest if tag.stands_out is False)
    if doubtful:
        steps.append(
            Suggestion(
                action=f"read more examples before working on tag {doubtful}: correct answers "
                "may have it as often",
                link="tags",
                gain=None,
                evidence="tags",
                confirm_by="read and tag as many correct answers as errors, or more of both",
                stop_rule="the interval of the lift lies above 1; else drop the tag",
            )
        )
    return steps


def _of_tag(number: int, tag: Tag) -> Suggestion:
    return Suggestion(
        action=f"work on the errors tagged {tag.tag!r}",
        link=f"tag:{tag.tag}",
        gain=tag.ceiling,
        evidence=f"tags.{number}",
        confirm_by="fix or add only such examples, retrain, and evaluate on dev again",
        stop_rule=f"dev error falls towards {tag.dev_after:.2%}; if it stays, revert",
    )


def _slices(report: SliceReport) -> list[Suggestion]:
    confirmed = [(number, s) for number, s in enumerate(report.slices) if s.confirmed]
    return [
        Suggestion(
            action="collect or synthesize examples with "
            f"{slice_report.describe_slice(found.where)}",
            link=f"slice:{slice_report.describe_slice(found.where)}",
            gain=found.recoverable,
            evidence=f"slices.{number}",
            confirm_by="add such examples to train, and score the slice and the rest again",
            stop_rule=f"its error falls towards the rest's {found.rest:.2%}; else revert",
        )
        for number, found in confirmed[:MOST]
    ]


def _labels(audit: Audit | NotApplicable) -> list[Suggestion]:
    if isinstance(audit, NotApplicable) or audit.decision is None or not audit.decision.fix:
        return []
    return [
        Suggestion(
            action="correct the wrong labels, on both dev and test",
            link="labels",
            gain=audit.decision.noise,
            evidence="labels.decision",
            confirm_by="audit as many correct answers as errors, and correct the error both ways",
            stop_rule="wrong labels are less than a quarter of the dev error",
        )
    ]


def _components(ceilings: Mapping[str, Any], dev_error: float) -> list[Suggestion]:
    """Suggest the components and error types whose ceilings are significantly above 0."""
    components = [
        (f"component:{c['component']}", f"ceilings.parts.{number}", c["cumulative"] or c["alone"])
        for number, c in enumerate(ceilings["parts"])
    ]
    types = [
        (f"type:{t['type']}", f"ceilings.types.{number}", t)
        for number, t in enumerate(ceilings["types"])
    ]
    return [
        *_ceilings(components, "improve {name}", dev_error),
        *_ceilings(types, "fix {name} errors", dev_error),
    ]


def _ceilings(
    named: Sequence[tuple[str, str, Mapping[str, Any] | None]], action: str, dev_error: float
) -> list[Suggestion]:
    significant = [
        (link, evidence, ceiling)
        for link, evidence, ceiling in named
        if ceiling and ceiling["lo"] is not None and ceiling["lo"] > 0
    ]
    significant.sort(key=lambda item: -item[2]["value"])
    return [
        Suggestion(
            action=action.format(name=link.partition(":")[2]),
            link=link,
            gain=ceiling["value"],
            evidence=evidence,
            confirm_by="change only this component, rerun the later ones, and evaluate on dev",
            stop_rule="dev error falls towards "
            f"{max(0.0, dev_error - ceiling['value']):.2%}; else revert",
        )
        for link, evidence, ceiling in significant[:MOST]
    ]


def _search(search: Mapping[str, Any]) -> list[Suggestion]:
    if "share" not in search:
        return []
    action, confirm, stop = SEARCH[search["work_on"]]
    gains = {"search": search["gain_of_first"], "objective": search["gain_of_second"]}
    return [
        Suggestion(
            action=action,
            link="search",
            gain=gains.get(search["work_on"]),
            evidence="search",
            confirm_by=confirm,
            stop_rule=stop,
        )
    ]


SEARCH = {
    "search": (
        "a better search: it misses answers that the score itself would prefer",
        "widen the search, and score the truth and the output of dev's errors again",
        "dev error falls while the truth scores higher on fewer of its errors; else revert",
    ),
    "objective": (
        "another objective: the score prefers the wrong answers to the right ones",
        "change what is scored, and score the truth and the output of dev's errors again",
        "the truth scores higher on more of the errors; else revert",
    ),
    None: (
        "score the truth and the output of more errors: search or objective is not yet clear",
        "diagnose again with twice as many scored errors",
        "the interval of the share excludes one half",
    ),
}
"""For the culprit of a search: action, how to confirm it, and when to stop."""


def _drivers(diagnosis: Diagnosis) -> list[Suggestion]:
    """Suggest the value that train lacks most, where mismatch is the gap to work on."""
    parts = diagnosis.decomposition
    primary = [gap for gap in ("mismatch", MERGED) if gap in parts.verdict.significant]
    slices = {slice_report.describe_slice(s.where) for s in diagnosis.slices.confirmed}
    candidates = [
        (number, driver)
        for number, driver in enumerate(diagnosis.drivers.drivers)
        if driver.sure and driver.where not in slices
    ]
    if not primary or not candidates:
        return []
    number, driver = candidates[0]
    share = driver.share_of_errors
    return [
        Suggestion(
            action=f"collect or synthesize examples with {driver.where}: "
            f"{driver.share_of_train:.0%} of train, {driver.share_of_dev:.0%} of dev, "
            f"{share:.0%} of dev error",
            link=f"data:{driver.where}",
            # No more than its own errors, and no more than the gap.
            gain=min(share * parts.dev_error, parts.gap(primary[0])),
            evidence=f"drivers.{number}",
            confirm_by="add such examples to train, and score them and the rest of dev again",
            stop_rule="their error falls and the rest's stays; else revert",
        )
    ]


def _human_labels(diagnosis: Diagnosis) -> list[Suggestion]:
    """Ask for human error by domain, where a mismatch counts and cannot be decomposed."""
    matrix = diagnosis.error_matrix
    primary = diagnosis.decomposition.verdict.primary
    if "mismatch" not in primary or not isinstance(matrix, ErrorMatrixSection):
        return []
    missing = (what for pair in matrix.adjusted for what in pair.insufficient)
    return [
        Suggestion(
            action=f"{what}, to separate human difficulty from the model's own part",
            link="mismatch",
            gain=None,
            evidence="table2d.adjusted",
            confirm_by="add the column human_loss for them, and diagnose again",
            stop_rule="mismatch is decomposed into human difficulty and the model's own part",
        )
        for what in dict.fromkeys(missing)
        if what.startswith("label ")
    ]


def _human_advantage(advantage: HumanAdvantage) -> list[Suggestion]:
    """Where the model is better than people, suggest the subsets on which it is not yet."""
    if advantage.missing:
        return [
            Suggestion(
                action="find examples on which people are still right and the model is wrong",
                link="people",
                gain=None,
                evidence="human_advantage",
                confirm_by="let people answer dev's examples, and add the column human_loss",
                stop_rule="no subset is left on which people are better",
            )
        ]
    return [
        Suggestion(
            action=f"learn from people on {subset.where}: their error there is "
            f"{subset.human:.1%}, the model's {subset.model:.1%}",
            link=f"people:{subset.where}",
            gain=subset.recoverable,
            evidence=f"human_advantage.{number}",
            confirm_by="let people label such examples and explain how; score them again",
            stop_rule=f"their error falls towards people's {subset.human:.1%}; else revert",
        )
        for number, subset in enumerate(advantage.subsets[:MOST])
        if subset.sure
    ]
