"""Recommend what to do next: from the gaps, and from tags, slices, labels, components and data."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from foursplit.diagnosis.error_analysis import unseen_classes
from foursplit.diagnosis.error_analysis.label_audit import FEW_AUDITS, Audit
from foursplit.diagnosis.error_analysis.tags import Tag
from foursplit.diagnosis.not_applicable import NotApplicable
from foursplit.diagnosis.prediction_table import META, PredictionTable
from foursplit.diagnosis.recommendations import causes, data_steps, gap_actions, training_steps
from foursplit.diagnosis.recommendations.actions import MOST, NOTHING, Suggestion, next_steps
from foursplit.diagnosis.recommendations.gains import largest_gain
from foursplit.diagnosis.recommendations.gap_actions import UNKNOWN, Training
from foursplit.diagnosis.result import Diagnosis, ErrorMatrixSection, HumanAdvantage, Tags


def recommend(
    diagnosis: Diagnosis,
    dev: PredictionTable | None = None,
    *,
    people: bool = True,
    training: Training = UNKNOWN,
) -> list[dict[str, Any]]:
    """Return the next steps, ranked by the most they can gain.

    `dev`: the table that tags and slices are about, to see which of them mark the same examples.
    `people`: whether a human level exists for such answers.  `training`: what is known of it.
    """
    parts = diagnosis.decomposition
    single = [gap for gap in parts.verdict.significant if gap not in parts.verdict.joint_names]
    actions = gap_actions.for_gaps(diagnosis, training)
    steps = [
        *gap_actions.for_joint_gaps(diagnosis, actions),
        *suggest(diagnosis, dev, people=people),
    ]
    missing = parts.verdict.insufficient
    if parts.verdict.all_small and not steps and not missing:
        missing = ("all_small",)
    ranked = next_steps(
        single,
        missing,
        gap_actions.gains(diagnosis, actions),
        steps,
        largest_gain(parts.errors),
        actions,
    )
    return training_steps.with_longer(ranked, diagnosis)


def suggest(
    diagnosis: Diagnosis, dev: PredictionTable | None = None, *, people: bool = True
) -> list[Suggestion]:
    """List the steps that other sections than the gaps suggest."""
    parts = diagnosis.decomposition
    dev_error = parts.errors["dev"].value if "dev" in parts.errors else 0.0
    slices = data_steps.advised_slices(diagnosis)
    driver = data_steps.advised_driver(diagnosis)
    wheres = [found.where for _, found in slices]
    wheres += [{driver[1].column.removeprefix(META): driver[1].value}] if driver else []
    same = {tag for where in wheres for tag in causes.tags_of(dev, where)}
    steps = [
        *_tags(diagnosis.tags, same),
        *data_steps.of_slices(slices, dev),
        *_labels(diagnosis.labels),
        *_components(diagnosis.ceilings, dev_error),
        *_search(diagnosis.search),
        *data_steps.of_driver(diagnosis, driver, dev),
        *unseen_classes.suggestions(diagnosis.unseen_classes, dev_error),
        *_seeds(diagnosis),
    ]
    if people:
        steps += [*_human_labels(diagnosis), *_human_advantage(diagnosis.human_advantage)]
    return steps


def _tags(tags: Tags | NotApplicable, same: Set[str] = frozenset()) -> list[Suggestion]:
    """Suggest the largest tags, except those that correct answers have as often.

    A ceiling is what would go if all examples with the tag were right.  It does not say that
    fixing what the tag names makes them right.  `same`: tags that a slice or driver stands for.
    """
    if isinstance(tags, NotApplicable):
        return []
    largest = [(k, tag) for k, tag in enumerate(tags.report.tags[:MOST]) if tag.tag not in same]
    steps = [_of_tag(number, tag) for number, tag in largest if tag.stands_out is not False]
    doubtful = ", ".join(repr(tag.tag) for _, tag in largest if tag.stands_out is False)
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
        changes="examples",
    )


def _labels(audit: Audit | NotApplicable) -> list[Suggestion]:
    if isinstance(audit, NotApplicable) or audit.decision is None or not audit.decision.fix:
        return []
    if audit.few:
        return [
            Suggestion(
                action=f"audit {FEW_AUDITS} errors or more before correcting labels: {audit.few}",
                link="labels",
                gain=None,
                evidence="labels",
                confirm_by="fill in label_audit for more errors, and for correct answers",
                stop_rule="the interval of the share is narrow enough to decide",
            )
        ]
    return [
        Suggestion(
            action="correct the wrong labels, on both dev and test",
            changes="labels",
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
            changes="component",
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
            changes="component" if search["work_on"] else NOTHING,
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


def _seeds(diagnosis: Diagnosis) -> list[Suggestion]:
    """Suggest work on optimization, where seeds reach different errors on train.

    Source: Ng, DLS C2 W1 (initial weights), C3 W1 (orthogonalization: fit train first).
    """
    agreement = diagnosis.seed_agreement
    if agreement is None or not agreement.disagree:
        return []
    return [
        Suggestion(
            action="make every seed train: other initial weights, another learning rate, a wider "
            "network or more epochs; then more seeds, not a larger dev set",
            link="optimization",
            gain=agreement.recoverable,
            evidence="seed_agreement",
            confirm_by="train five seeds or more, and compare their errors on train",
            stop_rule="the seeds no longer differ significantly on train",
            changes="optimization",
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
            changes="examples",
        )
        for number, subset in enumerate(advantage.subsets[:MOST])
        if subset.sure
    ]
